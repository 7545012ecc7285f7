"""
Inside of a virtual machine: starts specimens, has cready inspect and criu dump and restore them, and says what came of it, one
JSON object an attempt. tests/truth/vm.ts compares.

    guest.py WORLD CREADY CRIU NAME…

WORLD is a tree of packages in which the specimens live, or empty where the guest itself has all they need.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

WORLD, CREADY, CRIU, *NAMES = sys.argv[1:]
PYTHON = ["/usr/bin/python3"] if not WORLD else [f"{WORLD}/lib64/ld-linux-x86-64.so.2", "--library-path", f"{WORLD}/usr/lib/x86_64-linux-gnu", f"{WORLD}/usr/bin/python3"]
FACTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "specimens/specimen.py")
IMAGES = "/run/cready-truth/images"
PIDFILE = "/run/cready-truth/pid"
NEWROOT = "/run/cready-truth/root"
# Last the folder of what the guest's own userland has of busybox alone.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/opt/busybox"


def attempt(name, pick):
    """One start: pick is "none", "all" or the number of the predicted option that is left out."""
    scratch = tempfile.mkdtemp(prefix="cready-truth-", dir="/tmp")
    os.chmod(scratch, 0o755)
    env = {
        "PATH": PATH,
        "TMPDIR": scratch,
        **({"PYTHONHOME": f"{WORLD}/usr", "CREADY_WORLD": WORLD, "CREADY_WORLD_ALWAYS": "1"} if WORLD else {}),
        "CREADY_WORLD_FOLDERS": f"{os.path.dirname(FACTORY)}:{os.path.dirname(CREADY)}:{os.path.dirname(CRIU)}:{scratch}",
        "CREADY_DENO": "/nowhere",
    }
    child = subprocess.Popen([*PYTHON, FACTORY, "--sandbox", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    try:
        said = child.stdout.readline().decode()
        if not said.endswith(" ready\n"):
            return {"failed": said + child.stderr.read().decode()}
        root = said.split()[0]
        with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="utf-8") as file:
            init = file.read().split()[0]

        def run(*words, seconds=300):
            enter = ["nsenter", "--target", init, "--mount", "--net", "--ipc", "--pid", "--"]
            return subprocess.run([*enter, "timeout", "-s", "KILL", str(seconds), "setsid", "--wait", *words], stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": f"{os.path.dirname(CRIU)}:{PATH}"}, check=False)

        def log(name):
            try:
                with open(f"/proc/{init}/root{IMAGES}/{name}", encoding="utf-8", errors="replace") as file:
                    return file.read()
            except FileNotFoundError:
                return ""

        inspected = run(CREADY, "inspect", root, "--json")
        try:
            predicted = json.loads(inspected.stdout)
        except ValueError:
            return {"failed": f"cready inspect ended with {inspected.returncode}: {inspected.stderr.decode()}"}
        options = [] if pick == "none" else [one["text"] for at, one in enumerate(predicted["options"]) if at != pick]
        words = [word for text in options for word in text.split()]
        run("mkdir", "-p", IMAGES)
        dumped = run(CRIU, "dump", "-t", root, "-D", IMAGES, "-o", "dump.log", "-v4", *words)
        result = {"predicted": predicted, "code": inspected.returncode, "options": options, "dumped": dumped.returncode, "log": log("dump.log") or dumped.stderr.decode()}
        if dumped.returncode == 0:
            script = f'mkdir {NEWROOT} && mount --bind / {NEWROOT} && "$@" && kill -0 "$(cat {PIDFILE})"'
            space = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-c", script, "restore"]
            restored = run(*space, CRIU, "restore", "-d", "-D", IMAGES, "-o", "restore.log", "-v4", "--pidfile", PIDFILE, "--root", NEWROOT, *words)
            result |= {"restored": restored.returncode, "restoreLog": log("restore.log") or restored.stderr.decode()}
        else:
            why = run(CREADY, "why", "--json", f"{IMAGES}/dump.log")
            result["why"] = why.stdout.decode()
        return result
    finally:
        child.stdin.close()
        child.wait()
        shutil.rmtree(scratch, ignore_errors=True)


def say(name, pick, result):
    print(json.dumps({"name": name, "pick": pick, **result}), flush=True)
    with open("/dev/console", "w", encoding="utf-8") as console:
        print(f"truth: {name} {pick} {result.get('dumped')} {result.get('restored')} {result.get('failed', '')[-300:]}", file=console)


for name in NAMES:
    first = attempt(name, "none")
    say(name, "none", first)
    if first.get("predicted", {}).get("dump") == "NEEDS_OPTIONS":
        say(name, "all", attempt(name, "all"))
        if len(first["predicted"]["options"]) > 1:
            for left in range(len(first["predicted"]["options"])):
                say(name, left, attempt(name, left))
