"""What every specimen is made with: the table of specimens, tasks inside and outside of the tree, bare system calls."""

import ctypes
import os
import platform
import signal
import struct
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]

X86_64 = platform.machine() == "x86_64"
# <asm/unistd.h>: x86_64, and the numbers that all younger architectures share.
NR = {
    name: numbers[0 if X86_64 else 1]
    for name, numbers in {
        "io_setup": (206, 0),
        "ptrace": (101, 117),
        "vfork": (58, -1),
        "clone": (56, 220),
        "ioprio_set": (251, 30),
        "inotify_init1": (294, 26),
        "prctl": (157, 167),
        "mbind": (237, 235),
        "add_key": (248, 217),
        "keyctl": (250, 219),
        "perf_event_open": (298, 241),
        "fanotify_init": (300, 262),
        "fanotify_mark": (301, 263),
        "kcmp": (312, 272),
        "sched_setattr": (314, 274),
        "seccomp": (317, 277),
        "memfd_create": (319, 279),
        "bpf": (321, 280),
        "userfaultfd": (323, 282),
        "membarrier": (324, 283),
        "timer_create": (222, 107),
        "timer_settime": (223, 110),
        "setns": (308, 268),
        "signalfd4": (289, 74),
        "timerfd_create": (283, 85),
        "timerfd_settime": (286, 86),
        "eventfd2": (290, 19),
        "mq_open": (240, 180),
        "rseq": (334, 293),
        "arch_prctl": (158, -1),
        "modify_ldt": (154, -1),
        "io_uring_setup": (425, 425),
        "open_tree": (428, 428),
        "fsopen": (430, 430),
        "pidfd_open": (434, 434),
        "clone3": (435, 435),
        "landlock_create_ruleset": (444, 444),
        "landlock_restrict_self": (446, 446),
        "memfd_secret": (447, 447),
        "mseal": (462, 462),
        "name_to_handle_at": (303, 264),
        "set_robust_list": (273, 99),
        "tgkill": (234, 131),
        "gettid": (186, 178),
        "unshare": (272, 97),
        "exit": (60, 93),
    }.items()
}

PAGE = os.sysconf("SC_PAGE_SIZE")
# The descriptor through which the root says that it is ready, far above those of the specimens.
READY = 900
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS = 1, 2, 0x10, 0x20
MS_RDONLY, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE, MS_SLAVE, MS_SHARED = 1, 4096, 8192, 16384, 1 << 18, 1 << 19, 1 << 20
CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_VFORK = 0x100, 0x200, 0x400, 0x800, 0x4000
CLONE_PARENT, CLONE_THREAD, CLONE_SYSVSEM, CLONE_IO = 0x8000, 0x10000, 0x40000, 0x80000000
NEW = {
    "time": 0x80,
    "mnt": 0x20000,
    "cgroup": 0x2000000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}


def failed(what):
    code = ctypes.get_errno()
    return OSError(code, f"{what}: {os.strerror(code)}")


def syscall(name, *words):
    """A system call by name; raises OSError. Words are integers or buffers of ctypes, which live until it is over."""
    words = [w if not isinstance(w, int) else ctypes.c_long(w) for w in words]
    got = libc.syscall(ctypes.c_long(NR[name]), *words)
    if got == -1:
        raise failed(name)
    return got


def call(name, *words):
    """A libc function that answers -1 on failure."""
    got = getattr(libc, name)(*words)
    if got == -1:
        raise failed(name)
    return got


def mmap(length, prot=PROT_READ | PROT_WRITE, flags=None, fd=-1, offset=0, at=None):
    """The address of a mapping that nobody unmaps; private, and anonymous without a file, where no flags say otherwise."""
    if flags is None:
        flags = MAP_PRIVATE | (MAP_ANONYMOUS if fd < 0 else 0)
    got = libc.mmap(at, length, prot, flags, fd, offset)
    if got in (None, ctypes.c_void_p(-1).value):
        raise failed("mmap")
    return got


def mount(source, target, kind=None, flags=0, data=None):
    def text(word):
        return None if word is None else os.fsencode(word)

    if libc.mount(text(source), text(target), text(kind), flags, text(data)) == -1:
        raise failed(f"mount {target}")


def unshare(*kinds):
    call("unshare", sum(NEW[kind] for kind in kinds))


def state(pid):
    """Field 3 of /proc/PID/stat."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0].decode()


def until(condition, what, seconds=20):
    """Waits for a condition that another task brings about."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.003)


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text if isinstance(text, bytes) else text.encode())
    finally:
        os.close(fd)


def rest():
    """The end of every task: waits for nothing. Python's handlers do not matter to it."""
    while True:
        signal.pause()


class Specimen:
    """A row of the table."""

    def __init__(self, make, kind, rules, dump, sort, needs, when, restore, leader, own, world):
        self.make = make
        self.name = make.__name__.rstrip("_").replace("_", "-")
        self.about = " ".join(make.__doc__.split())
        self.kind = kind
        self.rules = rules.split()
        self.dump = dump
        self.sort = sort
        self.needs = needs.split()
        self.when = when
        self.restore = restore
        self.leader = leader
        self.own = own.split()
        self.world = world

    def row(self):
        return {
            "name": self.name,
            "about": self.about,
            "kind": self.kind,
            "rules": self.rules,
            "sort": self.sort,
            "dump": self.dump,
            "restore": self.restore,
            "needs": self.needs,
            "world": self.world,
        }


SPECIMENS = {}


def specimen(rules, dump="dumped", sort=None, needs="", when=None, restore=None, leader=True, own="", world=None):
    """
    Enters a function into the table. It gets a Root and runs in the root task, which rests afterwards.

    rules   the rules that the specimen is about
    dump    what becomes of it: "dumped", "refused" for good, or "options" where options let it pass; "host" where the
            kernel or the file system decides
    sort    "positive" where a rule of those applies, "near miss" where it looks as if; by default by `dump`
    needs   what not every kernel has, in words; without it the specimen cannot be made and is left out, by name
    when    a condition on the root's PID that the makers wait for
    leader  whether the root leads its session
    own     namespaces of the root from its start on, such as "mnt pid"; its program is executed inside
    world   a tree of Debian packages that it lives in; the sandbox has that as its root folder
    restore what is known beforehand about the restore: "refused", "lost"; None where nothing is
    """

    def enter(make):
        kind = make.__module__.rpartition(".")[2]
        sort_of = sort or ("near miss" if dump == "dumped" and restore not in ("lost", "refused") else "positive")
        row = Specimen(make, kind, rules, dump, sort_of, needs, when, restore, leader, own, world)
        if row.name in SPECIMENS:
            raise ValueError(f"two specimens have the name {row.name}")
        SPECIMENS[row.name] = row
        return make

    return enter


class Root:
    """The root task, from inside."""

    def __init__(self, folder, driver):
        self.folder = folder  # a private folder on the disk, removed afterwards
        self.driver = driver  # PID of the process that waits, outside of the tree
        self.kept = []  # what must not be closed by Python

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content=b"content\n"):
        """Makes a file and gives its path."""
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def open(self, name, flags=os.O_RDWR | os.O_CREAT, mode=0o644):
        """Opens a file of the private folder for as long as the task lives."""
        return os.open(self.path(name), flags, mode)

    def leave(self, group):
        """A cgroup that is to be removed when all tasks have ended."""
        with open(self.path(".groups"), "a", encoding="utf-8") as file:
            file.write(f"{group}\n")

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def ready(self):
        """Says so, for those that cannot come back from what they do next."""
        os.write(READY, b"ready")
        os.close(READY)

    def fork(self):
        """fork(2) of the root or of a task of the tree: the child has no way to say that the root is ready."""
        pid = os.fork()
        if pid == 0:
            try:
                os.close(READY)
            except OSError:
                pass  # a child of a child
        return pid

    def become(self, *words, **env):
        """Executes a program as the root task. Whether it is ready is for `when` to say."""
        self.ready()
        os.execve(words[0], words, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.folder, "LANG": "C", "TERM": "vt100", **env})

    def task(self, then=None, stays=True):
        """A child in the tree. Gives its PID once `then` is over; it rests, or ends where it does not stay."""
        started, starts = os.pipe()
        pid = self.fork()
        if pid == 0:
            os.close(started)
            try:
                if then:
                    then()
                os.write(starts, b".")
            except BaseException as error:
                os.write(starts, f"{type(error).__name__}: {error}".encode())
                os._exit(1)
            os.close(starts)
            if stays:
                rest()
            os._exit(0)
        os.close(starts)
        said = os.read(started, 4096)
        os.close(started)
        if said != b".":
            raise RuntimeError(f"a task of the specimen: {said.decode()}")
        return pid

    def outside(self, then=None, close=()):
        """A process outside of the tree, in a session of its own, that has all descriptors of the root. It is a child of the driver."""
        told, tells = os.pipe()

        def escape():
            if self.fork() == 0:
                os.setsid()
                os.close(told)
                try:
                    for fd in close:
                        os.close(fd)
                    if then:
                        then()
                    os.write(tells, str(os.getpid()).encode())
                except BaseException as error:
                    os.write(tells, f"{type(error).__name__}: {error}".encode())
                    os._exit(1)
                # Nothing but what the situation asks for is shared.
                os.close(tells)
                rest()

        pid = self.fork()
        if pid == 0:
            escape()
            os._exit(0)
        os.waitpid(pid, 0)
        os.close(tells)
        said = os.read(told, 4096).decode()
        os.close(told)
        if not said.isdigit():
            raise RuntimeError(f"a process outside of the specimen: {said}")
        return int(said)

    def thread(self, then=None):
        """A thread that rests after `then`. Gives its TID."""
        import threading

        came = threading.Event()
        said = []

        def body():
            try:
                if then:
                    then()
                said.append(syscall("gettid"))
            except BaseException as error:
                said.append(error)
            came.set()
            while True:
                time.sleep(1 << 20)

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        came.wait()
        self.keep(thread)
        if isinstance(said[0], BaseException):
            raise said[0]
        return said[0]


def pack(layout, *words):
    return struct.pack(layout, *words)
