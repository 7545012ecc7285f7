"""
Runs containers by real engines in namespaces and cgroups of their own, has cready inspect them and the engines checkpoint and
restore them, and says what came of it, one JSON object an attempt. tests/engines/engines_test.ts compares.

    engines.py WORLD CREADY CRIU SITUATION < cases, one JSON object a line

WORLD is a tree of Debian packages with the engines, CRIU the folder with criu and its tools, SITUATION the program of the
containers. Nothing outlasts it.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

WORLD, CREADY, CRIU, SITUATION = sys.argv[1:5]
HERE = os.path.dirname(os.path.abspath(__file__))
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x2000000, 0x8000000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH, SYS_PIVOT_ROOT, SIOCSIFFLAGS, PR_SET_PDEATHSIG = 2, 155, 0x8914, 1
# Far above what anything takes on a busy machine.
LIMIT = 120


def must(result):
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def mount(source, target, kind=None, flags=0, data=None):
    def text(word):
        return None if word is None else os.fsencode(word)

    must(libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data)))


def hierarchies():
    """Number, controllers and path of this process for each hierarchy of cgroups."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        return [line.split(":", 2) for line in file.read().splitlines()]


def mount_hierarchy(number, controllers, at):
    os.makedirs(at)
    if number == "0":
        mount("cgroup2", at, "cgroup2")
    else:
        mount("cgroup", at, "cgroup", 0, ("none," if controllers.startswith("name=") else "") + controllers)


def own_groups():
    """A new group of each hierarchy, which becomes the root of a cgroup namespace: criu copies all that is below that root."""
    at = tempfile.mkdtemp()
    mount("groups", at, "tmpfs")
    made = []
    for number, controllers, path in hierarchies():
        here = f"{at}/{number}"
        mount_hierarchy(number, controllers, here)
        above = here + path.rstrip("/")
        group = f"{above}/cready-engines-{os.getpid()}"
        os.mkdir(group)
        made.append(group)
        if "cpuset" in controllers.split(","):
            for name in ("cpuset.cpus", "cpuset.mems"):
                with open(f"{above}/{name}", encoding="ascii") as file:
                    said = file.read()
                with open(f"{group}/{name}", "w", encoding="ascii") as file:
                    file.write(said)
            with open(f"{group}/cgroup.clone_children", "w", encoding="ascii") as file:
                file.write("1")
    return made


def sweep(top, itself=True):
    """Removes a group and all below; tasks leave theirs a moment after they have ended."""
    end = time.monotonic() + LIMIT
    for path, _, _ in os.walk(top, topdown=False):
        while itself or path != top:
            try:
                os.rmdir(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)


def outer():
    must(libc.unshare(CLONE_NEWNS))
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    made = own_groups()
    pid = os.fork()
    if pid == 0:
        for group in made:
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")
        must(libc.unshare(CLONE_NEWCGROUP | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET))
        init = os.fork()
        if init == 0:
            os.setsid()
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            enter()
        os._exit(os.waitstatus_to_exitcode(os.waitpid(init, 0)[1]) & 0xFF)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    for group in made:
        sweep(group)
    sys.exit(code)


def enter():
    """Makes the tree of engines the root folder, with cgroups of version 2 alone, and executes this program anew in there."""
    mount(WORLD, WORLD, None, MS_BIND)
    mount("tmpfs", f"{WORLD}/tmp", "tmpfs")
    for path in ("/dev", "/sys", HERE, os.path.dirname(CREADY), os.path.dirname(SITUATION), CRIU):
        os.makedirs(WORLD + path, exist_ok=True)
        mount(path, WORLD + path, None, MS_BIND | (MS_REC if path == "/sys" else 0))
    etc = f"{WORLD}/tmp/etc"
    shutil.copytree(f"{WORLD}/etc", etc, symlinks=True)
    mount(etc, f"{WORLD}/etc", None, MS_BIND)
    for path in ("/var/lib", "/var/tmp", "/run"):
        mount("tmpfs", WORLD + path, "tmpfs")
    os.chdir(WORLD)
    must(libc.syscall(SYS_PIVOT_ROOT, b".", b"."))
    must(libc.umount2(b".", MNT_DETACH))
    os.chdir("/")
    mount("proc", "/proc", "proc")
    mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    mount("/dev/pts/ptmx", "/dev/ptmx", None, MS_BIND)
    mount("shm", "/dev/shm", "tmpfs")
    mount("tmpfs", "/sys/fs/cgroup", "tmpfs")
    mount("cgroup2", "/sys/fs/cgroup", "cgroup2")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", 1))
    env = {"PATH": f"{CRIU}:{CRIU}/tools:/usr/sbin:/usr/bin", "LANG": "C", "HOME": "/root", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}
    os.execve("/usr/bin/python3", ["python3", os.path.abspath(__file__), *sys.argv[1:5], "--inside"], env)


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


def run(*words, said=None):
    """Output goes to a file: what a container inherits must not be a pipe of ours."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out, open(said or os.devnull, "rb") as stdin:
        done = subprocess.run(words, stdin=stdin, stdout=out, stderr=subprocess.STDOUT, timeout=LIMIT, check=False, start_new_session=True)
        out.seek(0)
        return done.returncode, out.read()


def detached(*words):
    """The same for what runc and crun start: the container gets /dev/null alone."""
    none = subprocess.DEVNULL
    return subprocess.run(words, stdin=none, stdout=none, stderr=none, timeout=LIMIT, check=False, start_new_session=True).returncode


def make_root(path):
    for name in ("bin", "tmp", "etc", "proc", "dev", "sys", "data", "run"):
        os.makedirs(f"{path}/{name}")
    shutil.copy("/usr/bin/busybox", f"{path}/bin/busybox")
    shutil.copy(SITUATION, f"{path}/bin/situation")
    for name in ("hosts", "resolv.conf", "passwd"):
        with open(f"{path}/etc/{name}", "w", encoding="ascii"):
            pass
    return path


PODMAN = ["podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
CAPABILITIES = ["CAP_NET_ADMIN", "CAP_KILL"]


class Runtime:
    """A container by runc or crun alone."""

    def __init__(self, case, number):
        self.case = case
        self.engine = case["engine"]
        self.id = f"box{number}"
        self.folder = f"/tmp/{self.id}"
        self.images, self.work = f"{self.folder}/images", f"{self.folder}/work"
        os.makedirs(self.work)

    @property
    def console(self):
        return ["--console-socket", f"{self.folder}/console"] if self.case.get("tty") else []

    def start(self):
        make_root(f"{self.folder}/rootfs")
        run("runc", "spec", "-b", self.folder)
        path = f"{self.folder}/config.json"
        with open(path, encoding="utf-8") as file:
            spec = json.load(file)
        process = spec["process"]
        process["args"] = self.case["args"]
        process["terminal"] = self.case.get("tty", False)
        process["capabilities"] = {name: CAPABILITIES for name in process["capabilities"]}
        process.pop("rlimits", None)
        spec["root"] = {"path": "rootfs", "readonly": False}
        spec["linux"]["cgroupsPath"] = f"/engines/{self.id}"
        for source, target in self.case.get("binds", []):
            spec["mounts"].append({"type": "bind", "source": source, "destination": target, "options": ["rbind", "rw"]})
        spec["annotations"] = self.case.get("annotations", {})
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        if self.console:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(f"{self.folder}/console")
            self.listener.listen()
            self.masters = []

            def take():
                while True:
                    one, _ = self.listener.accept()
                    self.masters += socket.recv_fds(one, 100, 1)[1]

            threading.Thread(target=take, daemon=True).start()
        log = f"{self.folder}/log"
        if detached(self.engine, "--log", log, "run", "-d", "-b", self.folder, *self.console, self.id):
            with open(log, encoding="utf-8") as file:
                raise RuntimeError(file.read())
        self.pid = json.loads(run(self.engine, "state", self.id)[1])["pid"]

    def checkpoint(self, flags):
        code, text = run(self.engine, "checkpoint", "--image-path", self.images, "--work-path", self.work, *flags, self.id)
        return code, text, f"{self.work}/dump.log"

    def restore(self, flags):
        words = ["restore", "-d", "--image-path", self.images, "--work-path", self.work, "-b", self.folder]
        return detached(self.engine, *words, *self.console, *flags, self.id)

    def restore_log(self):
        return f"{self.work}/restore.log"

    def end(self):
        run(self.engine, "delete", "-f", self.id)
        shutil.rmtree(self.folder)


class Podman(Runtime):
    """A container by podman, which has crun make it."""

    def start(self):
        words = ["run", "-d", "--pull=never", "--pids-limit=0", "--cgroup-parent", "/engines", "--network", "none", "--name", self.id]
        words += ["--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined"]
        words += ["-t"] if self.case.get("tty") else []
        for source, target in self.case.get("binds", []):
            words += ["-v", f"{source}:{target}"]
        code, text = run(*PODMAN, *words, "localhost/box", *self.case["args"])
        if code:
            raise RuntimeError(text)
        self.pid = int(run(*PODMAN, "inspect", "-f", "{{.State.Pid}}", self.id)[1])
        full = run(*PODMAN, "inspect", "-f", "{{.Id}}", self.id)[1].strip()
        self.data = f"/var/lib/containers/storage/vfs-containers/{full}/userdata"

    def checkpoint(self, flags):
        code, text = run(*PODMAN, "container", "checkpoint", "--keep", *flags, self.id)
        return code, text, f"{self.data}/dump.log"

    def restore(self, flags):
        return run(*PODMAN, "container", "restore", "--keep", *flags, self.id)[0]

    def restore_log(self):
        return f"{self.data}/restore.log"

    def end(self):
        run(*PODMAN, "rm", "-f", "-t", "0", self.id)
        shutil.rmtree(self.folder)


class Containerd(Runtime):
    """A container by containerd's own client."""

    def start(self):
        words = ["run", "-d", "--snapshotter", "native", "--cpu-shares", "0", "--cgroup", f"/engines/{self.id}"]
        code, text = run("ctr", *words, "localhost/box:latest", self.id, *self.case["args"])
        if code:
            raise RuntimeError(text)
        lines = run("ctr", "tasks", "ls")[1].splitlines()
        self.pid = next(int(line.split()[1]) for line in lines if line.startswith(f"{self.id} "))

    def checkpoint(self, flags):
        code, text = run("ctr", "tasks", "checkpoint", "--exit", "--image-path", self.images, "--work-path", self.work, self.id)
        return code, text, f"{self.work}/dump.log"

    def restore(self, flags):
        return None

    def end(self):
        run("ctr", "tasks", "kill", "-s", "9", self.id)
        run("ctr", "tasks", "rm", "-f", self.id)
        run("ctr", "c", "rm", self.id)
        shutil.rmtree(self.folder)


KINDS = {"runc": Runtime, "crun": Runtime, "podman": Podman, "containerd": Containerd}


def image():
    """The root folder of the containers as an archive."""
    path = "/tmp/image.tar"
    if not os.path.exists(path):
        run("tar", "-C", make_root("/tmp/image"), "-cf", path, ".")
    return path


def podman_image():
    with open("/etc/containers/policy.json", "w", encoding="ascii") as file:
        file.write('{"default":[{"type":"insecureAcceptAnything"}]}')
    code, text = run(*PODMAN, "import", image(), "localhost/box")
    if code:
        raise RuntimeError(text)


def containerd_image():
    with open("/tmp/containerd.log", "wb") as log:
        subprocess.Popen(["containerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until(lambda: run("ctr", "version")[0] == 0, "containerd answers")
    folder = "/tmp/archive"
    os.mkdir(folder)
    shutil.copy(image(), f"{folder}/layer.tar")
    with open(image(), "rb") as file:
        layer = hashlib.sha256(file.read()).hexdigest()
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]}}
    with open(f"{folder}/config.json", "w", encoding="ascii") as file:
        json.dump(config, file)
    with open(f"{folder}/manifest.json", "w", encoding="ascii") as file:
        json.dump([{"Config": "config.json", "RepoTags": ["localhost/box:latest"], "Layers": ["layer.tar"]}], file)
    run("tar", "-C", folder, "-cf", "/tmp/archive.tar", "manifest.json", "config.json", "layer.tar")
    code, text = run("ctr", "image", "import", "--snapshotter", "native", "/tmp/archive.tar")
    if code:
        code, text = run("ctr", "image", "import", "--local", "--snapshotter", "native", "/tmp/archive.tar")
    if code:
        raise RuntimeError(text)


def configure(files):
    """criu's config files, and no others."""
    shutil.rmtree("/etc/criu", ignore_errors=True)
    for path, text in files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)


def attempt(case, number, flags, files):
    """One start: inspected, checkpointed, and restored where that went well."""
    configure({**case.get("files", {}), **files})
    box = KINDS[case["engine"]](case, number)
    try:
        box.start()
        until(lambda: os.path.exists(f"/proc/{box.pid}/root/tmp/ready"), "the situation is made")
        words = ["inspect", "--json", "--engine", case["engine"]]
        code, text = run(CREADY, *words, str(box.pid))
        with open(f"/proc/{box.pid}/cgroup", encoding="ascii") as file:
            group = file.read().rpartition("0::")[2].strip()
        by_group = run(CREADY, *words, "--cgroup", f"/sys/fs/cgroup{group}")[0]
        shown = run(CREADY, "inspect", "--engine", case["engine"], str(box.pid))[1]
        ended, said, log = box.checkpoint(flags)
        result = {"code": code, "inspection": text, "byGroup": by_group, "shown": shown, "checkpoint": ended, "said": said}
        try:
            with open(log, encoding="utf-8", errors="replace") as file:
                result["log"] = [line for line in file.read().splitlines() if "Error (" in line]
        except FileNotFoundError:
            result["log"] = None
        if ended == 0:
            result["restore"] = box.restore(flags)
            if result["restore"]:
                with open(box.restore_log(), encoding="utf-8", errors="replace") as file:
                    result["restoreLog"] = [line for line in file.read().splitlines() if "Error (" in line]
        else:
            with open("/tmp/said", "w", encoding="utf-8") as file:
                file.write(said)
            result["why"] = run(CREADY, "why", "--json", "-", said="/tmp/said")[1]
            result["whyLog"] = run(CREADY, "why", "--json", log)[1] if result["log"] is not None else None
        return result
    finally:
        box.end()


def advice(said):
    """What cready says that helps: flags of its command, and lines for files."""
    if "failed" in said or not json.loads(said["inspection"])["options"]:
        return [], {}
    command = re.search(r"^(?:runc|crun|podman container) checkpoint (.*)$", said["shown"], re.MULTILINE)
    flags = [word for word in command[1].split() if word.startswith("--")] if command else []
    files = {}
    for line, path in re.findall(r"put (\S.*?) into (\S+)", said["shown"]):
        files[path] = files.get(path, "") + line + "\n"
    return flags, files


def inside():
    cases = [json.loads(line) for line in sys.stdin]
    engines = {case["engine"] for case in cases}
    groups = []
    os.mkdir("/run/groups")
    for number, controllers, _ in hierarchies():
        if number != "0":
            groups.append(f"/run/groups/{number}")
            mount_hierarchy(number, controllers, groups[-1])
    outer_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    outer_socket.bind("/tmp/socket")
    os.mkdir("/tmp/volume")
    if "podman" in engines:
        podman_image()
    if "containerd" in engines:
        containerd_image()
    number = 0
    for case in cases:
        attempts = []
        flags, files = [], {}
        while True:
            number += 1
            try:
                attempts.append({"flags": flags, "files": files, **attempt(case, number, flags, files)})
            except (OSError, RuntimeError, TimeoutError, ValueError, subprocess.SubprocessError) as error:
                attempts.append({"failed": f"{type(error).__name__}: {error}"})
            flags, files = advice(attempts[-1]) if len(attempts) == 1 else ([], {})
            if not flags and not files:
                break
        # criu makes groups anew in hierarchies that the runtimes do not use.
        for group in groups:
            sweep(group, False)
        print(json.dumps({"name": case["name"], "engine": case["engine"], "attempts": attempts}), flush=True)
    # Whatever still runs ends with this process, which is the first of its namespace.
    os._exit(0)


if sys.argv[5:] == ["--inside"]:
    inside()
else:
    outer()
