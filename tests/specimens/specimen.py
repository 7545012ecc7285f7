#!/usr/bin/python3
"""
Makes one situation of which CRIU has an opinion, and waits.

    python3 tests/specimens/specimen.py NAME     prints "PID ready"; ends, with all that it made, when standard input ends
    python3 tests/specimens/specimen.py --sandbox NAME
    python3 tests/specimens/specimen.py --list   the table, one JSON object a line

In a sandbox it has mounts, a network, System V IPC and process numbers of its own, which end with it; whoever inspects and
dumps the tree must enter the namespaces of the child of this process, and is then on the same "host" as the tree.

The root task leads its own session, has /dev/null as its three standard descriptors and no other, no terminal, and / as
its working folder: whatever CRIU says is about the situation. Everything else that is needed lives outside of the tree, as a
child of this program, which is a subreaper so that nothing gets lost.
"""

import contextlib
import fcntl
import importlib
import json
import os
import pkgutil
import shutil
import signal
import socket
import struct
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import kinds  # noqa: E402
import kit  # noqa: E402

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
MNT_DETACH = 2
# Exit code where the kernel lacks what the row says that it needs.
UNMADE = 3
# Debian's own, in every world.
PYTHON = "/usr/bin/python3"
LIMIT = 60


def table(name=None):
    """Loads the specimens; with a name only the files that may have it, since each start pays for them."""
    wanted = f"def {name.replace('-', '_')}" if name else ""
    for module in pkgutil.iter_modules(kinds.__path__):
        with open(os.path.join(HERE, "kinds", f"{module.name}.py"), encoding="utf-8") as file:
            if wanted in file.read():
                importlib.import_module(f"kinds.{module.name}")
    return kit.SPECIMENS


def start_root(row, folder, driver, ready):
    """Forks the root and gives its PID. One with namespaces of its own is executed anew in them, so that its mappings are of its mounts."""
    if not row.own:
        pid = os.fork()
        if pid == 0:
            become_root(row, folder, driver, ready)
        return pid
    told, tells = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.close(told)
        kit.unshare(*row.own)
        if "mnt" in row.own:
            kit.mount(None, "/", None, kit.MS_REC | kit.MS_PRIVATE)
        pid = os.fork()
        if pid == 0:
            os.close(tells)
            if "mnt" in row.own and "pid" in row.own:
                kit.mount("proc", "/proc", "proc")
            os.dup2(ready, kit.READY)
            os.execv(sys.executable, [sys.executable, os.path.abspath(__file__), "--root", row.name, folder, str(driver)])
        os.write(tells, str(pid).encode())
        os._exit(0)
    os.close(tells)
    said = os.read(told, 100)
    os.close(told)
    os.waitpid(middle, 0)
    if not said:
        raise RuntimeError(f"{row.name}: its namespaces cannot be made")
    return int(said)


def become_root(row, folder, driver, ready):
    """The root task: alone in its session, then the situation, then rest."""
    if row.leader:
        os.setsid()
    os.chdir("/")
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    said = kit.READY
    if ready != said:
        os.dup2(ready, said)
    os.closerange(3, said)
    os.closerange(said + 1, 1024)
    root = kit.Root(folder, driver)
    try:
        row.make(root)
    except BaseException:
        os.write(said, traceback.format_exc().encode()[-4000:])
        os._exit(1)
    root.ready()
    kit.rest()


def descendants():
    """Every process below this one, deepest last."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    words = file.read().rpartition(b")")[2].split()
                parents.setdefault(int(words[1]), []).append(int(name))
    found, queue = [], [os.getpid()]
    while queue:
        for pid in parents.get(queue.pop(), []):
            found.append(pid)
            queue.append(pid)
    return found


def end_all():
    """Kills and reaps until nothing is left; a stopped, traced or frozen task dies of SIGKILL too."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while True:
        for pid in descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            if not descendants():
                return


def gone(group):
    """Removes a cgroup; its tasks leave it a moment after they have ended."""
    try:
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def sandbox(row):
    """
    Runs this program as PID 1 of a sandbox; gives its exit code. It is executed anew in there, since the mounts of what is
    mapped already are those of the host. Process numbers start high: a restore into a further PID namespace has
    processes of its own with the low ones.
    """
    kit.unshare("mnt", "net", "ipc", "pid")
    inner = os.fork()
    if inner:
        return os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    os.setsid()
    kit.call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    kit.mount(None, "/", None, kit.MS_REC | kit.MS_PRIVATE)
    clear([*os.environ.get("CREADY_WORLD_FOLDERS", "").split(":"), HERE, tempfile.gettempdir()])
    # In a virtual machine nothing else has what the specimens need.
    always = os.environ.get("CREADY_WORLD_ALWAYS")
    world = os.environ.get("CREADY_WORLD") if row.world or always else None
    if world:
        enter(world, [path for path in os.environ["CREADY_WORLD_FOLDERS"].split(":") if path])
    kit.mount("proc", "/proc", "proc")
    kit.mount("run", "/run", "tmpfs")
    # Terminals of its own: a restore asks for the numbers that a tree had, and others must not have taken them.
    kit.mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    kit.mount("/dev/pts/ptmx", "/dev/ptmx", None, kit.MS_BIND)
    kit.mount("shm", "/dev/shm", "tmpfs")
    os.mkdir("/run/lock")
    os.mkdir("/run/cready-truth")
    kit.write("/proc/sys/kernel/ns_last_pid", "1000")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    # In there Python is where it was made to be.
    os.environ.pop("PYTHONHOME", None)
    os.execv(PYTHON, [PYTHON, os.path.abspath(__file__), row.name])


def clear(folders):
    """
    Detaches what else the machine, or a test that runs beside this one, has mounted: each specimen's mounts are the same
    everywhere. What the folders lie on stays, and the file systems of the kernel.
    """
    with open("/proc/self/mountinfo", "rb") as file:
        points = [line.split()[4].decode("unicode_escape").encode("latin-1") for line in file]
    needed = [os.fsencode(folder) + b"/" for folder in (*folders, "/usr", "/lib") if folder]
    for point in reversed(points):
        kept = point in (b"/", b"/proc", b"/sys", b"/dev") or point.startswith(b"/sys/fs/cgroup")
        if not kept and not any(folder.startswith(point + b"/") for folder in needed):
            # Some are gone with the one above them.
            with contextlib.suppress(OSError):
                kit.call("umount2", point, MNT_DETACH)


def enter(world, folders):
    """Makes a tree of packages the root folder. It has some folders of the machine at their own places, its devices, and /sys."""
    kit.mount(world, world, None, kit.MS_BIND)
    kit.mount("tmpfs", world + "/tmp", "tmpfs")
    for folder in [*folders, "/dev", "/sys"]:
        os.makedirs(world + folder, exist_ok=True)
        kit.mount(folder, world + folder, None, kit.MS_BIND | (kit.MS_REC if folder == "/sys" else 0))
    os.chdir(world)
    kit.call("pivot_root", b".", b".")
    kit.call("umount2", b".", MNT_DETACH)
    os.chdir("/")


def main():
    if sys.argv[1:] == ["--list"]:
        for row in table().values():
            print(json.dumps(row.row()))
        return 0
    words = sys.argv[1:]
    if words[:1] == ["--root"]:
        _, name, folder, driver = words
        become_root(table(name)[name], folder, int(driver), kit.READY)
    sandboxed = words[:1] == ["--sandbox"]
    if sandboxed:
        words = words[1:]
    if len(words) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    row = table(words[0]).get(words[0])
    if not row:
        print(f"specimen: there is no specimen {words[0]}", file=sys.stderr)
        return 2
    if sandboxed:
        return sandbox(row)
    kit.call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = tempfile.mkdtemp(prefix="cready-specimen-")
    os.chmod(folder, 0o755)
    hears, ready = os.pipe()
    driver = os.getpid()
    root = start_root(row, folder, driver, ready)
    os.close(ready)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        # The root writes once, or dies. Others may hold its end of the pipe.
        said = os.read(hears, 65536).decode(errors="replace")
        os.close(hears)
        if said != "ready":
            print(f"specimen {row.name}: {said.strip() or 'its root task ended'}", file=sys.stderr)
            # The last line of a trace back: what the kernel refused is no fault of a specimen that says what it needs.
            refused = said.strip().rpartition("\n")[2].startswith(("OSError", "FileNotFoundError", "PermissionError"))
            return UNMADE if row.needs and refused else 1
        if row.when:
            kit.until(lambda: row.when(root), f"{row.name} is not as it should be", LIMIT)
        print(f"{root} ready", flush=True)
        while os.read(0, 4096):
            pass
        return 0
    finally:
        end_all()
        with contextlib.suppress(FileNotFoundError):
            with open(os.path.join(folder, ".groups"), encoding="utf-8") as file:
                for group in file.read().split():
                    kit.until(lambda: gone(group), f"{group} is empty", LIMIT)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
