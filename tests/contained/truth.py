"""Tries in earnest what CRIU has to do, and tells facts by which causes can be verified.

  truth.py [--sysctl NAME | --path PATH]...

Prints {"facts": {…}, "can": {OPERATION: null or why not}} as JSON. It shares no code with the program under test. Each
operation runs in a child of its own, changes nothing outside of namespaces that end with that child, and is killed when
it takes too long.
"""
import ctypes
import errno
import fcntl
import json
import mmap
import os
import platform
import select
import signal
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
# <asm/unistd.h> of x86_64, <asm-generic/unistd.h> of aarch64
CALLS = {
    "clone": 56 if X86 else 220, "clone3": 435, "kcmp": 312 if X86 else 272, "userfaultfd": 323 if X86 else 282,
    "openat2": 437, "pidfd_open": 434, "pidfd_getfd": 438, "move_mount": 429,
}
CLONE_NEWTIME, CLONE_PARENT, CLONE_NEWNS, CLONE_NEWCGROUP = 0x80, 0x8000, 0x20000, 0x02000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED = 2, 4096, 16384, 1 << 18, 1 << 20
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_SECCOMP_GET_FILTER = 0x4206, 0x4207, 0x420C
PTRACE_O_SUSPEND_SECCOMP = 1 << 21
SIOCGSKNS, SIOCUNIXFILE, NS_GET_USERNS = 0x894C, 0x89E0, 0xB701
SECONDS = 10


class No(Exception):
    """The kernel took the call, and what it should do was not done."""


def check(result, what=""):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, what or os.strerror(code))
    return result


def syscall(name, *args):
    return check(LIBC.syscall(CALLS[name], *[ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]), name)


def unshare(flags):
    check(LIBC.unshare(flags), "unshare")


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, text.encode())
    os.close(fd)


def read(path):
    with open(path) as file:
        return file.read()


def waiting_child(preparation=lambda: None):
    """A child that is there until it is killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        preparation()
        os.write(writing, b"1")
        signal.pause()
        os._exit(0)
    os.close(writing)
    if not os.read(reading, 1):
        raise No("the child could not be prepared")
    return pid


def ptrace(request, pid, address, data):
    LIBC.ptrace.restype = ctypes.c_long
    return check(LIBC.ptrace(ctypes.c_long(request), ctypes.c_long(pid), ctypes.c_void_p(address), data), "ptrace")


def namespace(kind):
    return os.readlink("/proc/self/ns/" + kind)


# --- what CRIU has to do ---

def map_files():
    size = mmap.PAGESIZE
    memory = mmap.mmap(-1, size, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    os.close(os.open("/proc/self/map_files/%x-%x" % (address, address + size), os.O_RDONLY))


def ns_last_pid():
    path = "/proc/sys/kernel/ns_last_pid"
    write(path, read(path))


def ipc_next_id():
    try:
        write("/proc/sys/kernel/sem_next_id", "-1")
    except OSError as error:
        if error.errno != errno.EINVAL:  # the right is looked at before the number, and so nothing changes
            raise


def kcmp():
    # KCMP_FILE: the same file twice, and two that are not the same.
    same, (one, other) = os.dup(1), os.pipe()
    pid = os.getpid()
    if syscall("kcmp", pid, pid, 0, 1, same) != 0 or syscall("kcmp", pid, pid, 0, one, other) == 0:
        raise No("kcmp cannot tell files apart")


def prctl_mm():
    stat = read("/proc/self/stat").rsplit(")", 1)[1].split()
    field = lambda number: int(stat[number - 3])  # proc_pid_stat(5) counts from 1
    LIBC.sbrk.restype = ctypes.c_void_p
    brk = LIBC.sbrk(0)
    # start_code end_code start_data end_data start_brk brk start_stack arg_start arg_end env_start env_end
    values = [field(26), field(27), field(45), field(46), field(47), brk, field(28), *[field(n) for n in range(48, 52)]]
    layout = struct.pack("=11QQIi", *values, 0, 0, -1)
    size = ctypes.c_uint(0)
    check(LIBC.prctl(35, 15, ctypes.byref(size), 0, 0), "PR_SET_MM_MAP_SIZE")
    if size.value == 0:
        raise No("it has no size")
    check(LIBC.prctl(35, 14, ctypes.c_char_p(layout), ctypes.c_ulong(len(layout)), 0), "PR_SET_MM_MAP")


def tcp_repair():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        tcp.setsockopt(socket.IPPROTO_TCP, 19, 1)
        if tcp.getsockopt(socket.IPPROTO_TCP, 19) != 1:
            raise No("TCP_REPAIR stays off")


def tcp_half_closed():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        with socket.create_connection(server.getsockname(), SECONDS / 2) as client:
            client.shutdown(socket.SHUT_WR)
            try:
                client.send(b"x", socket.MSG_NOSIGNAL)
                raise No("it is not closed at all")
            except BrokenPipeError:
                pass
            client.setsockopt(socket.IPPROTO_TCP, 19, 1)
            if client.getsockopt(socket.IPPROTO_TCP, 19) != 1:
                raise No("TCP_REPAIR stays off")


def pty_lock():
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(master, 0x40045431, struct.pack("i", 1))  # TIOCSPTLCK
    number = struct.unpack("i", fcntl.ioctl(master, 0x80045430, bytes(4)))[0]  # TIOCGPTN
    try:
        os.open("/dev/pts/%d" % number, os.O_RDWR | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.EIO:
            return
        raise
    raise No("a locked terminal can be opened")


def seccomp_suspend():
    pid = waiting_child()
    try:
        ptrace(PTRACE_SEIZE, pid, 0, ctypes.c_long(PTRACE_O_SUSPEND_SECCOMP))
    finally:
        os.kill(pid, signal.SIGKILL)


def seccomp_filters():
    def filtered():
        code = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)  # ret ALLOW
        buffer = ctypes.create_string_buffer(code)
        head = struct.pack("=HxxxxxxQ", 1, ctypes.addressof(buffer))
        check(LIBC.prctl(38, 1, 0, 0, 0))  # PR_SET_NO_NEW_PRIVS
        check(LIBC.prctl(22, 2, ctypes.c_char_p(head), 0, 0))  # PR_SET_SECCOMP

    pid = waiting_child(filtered)
    try:
        ptrace(PTRACE_SEIZE, pid, 0, None)
        ptrace(PTRACE_INTERRUPT, pid, 0, None)
        os.waitpid(pid, 0)
        if ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, None) < 1:
            raise No("no filter is shown")
    finally:
        os.kill(pid, signal.SIGKILL)


def tun():
    try:
        unshare(CLONE_NEWNET)
    except OSError:
        pass  # then in this one: the device goes with its descriptor
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"cready%d", 1))  # TUNSETIFF, IFF_TUN


def namespace_of(device):
    fd = fcntl.ioctl(device, SIOCGSKNS)
    if os.readlink("/proc/self/fd/%d" % fd) != namespace("net"):
        raise No("it is no namespace, or another one")


def tun_ns():
    namespace_of(os.open("/dev/net/tun", os.O_RDWR))


def sk_ns():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        namespace_of(one)


def sk_unix_file():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        try:
            fcntl.ioctl(one, SIOCUNIXFILE)
        except OSError as error:
            if error.errno == errno.ENOENT:  # it has no name, so it has no file; the right is looked at before
                return
            raise
        raise No("it has no file, and one is given")


def clone_parent_newpid():
    if syscall("clone", CLONE_PARENT | CLONE_NEWPID, 0, 0, 0, 0) == 0:
        os._exit(0)


def netns_by_clone():
    if syscall("clone", CLONE_NEWNET | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        os._exit(0)


def new_namespace(flag, kind):
    def make():
        before = namespace(kind)
        unshare(flag)
        if namespace(kind) == before:
            raise No("it is the same namespace as before")
    return make


def timens():
    unshare(CLONE_NEWTIME)
    write("/proc/self/timens_offsets", "monotonic 10 0\nboottime 20 0\n")
    if "10" not in read("/proc/self/timens_offsets").split():
        raise No("the clocks stay as they were")


def loginuid():
    path = "/proc/self/loginuid"
    old = read(path).strip()
    unset = "4294967295"
    write(path, unset)
    write(path, old if old != unset else str(os.getuid()))


def uffd(features=0):
    fd = syscall("userfaultfd", os.O_CLOEXEC | os.O_NONBLOCK)
    answer = fcntl.ioctl(fd, 0xC018AA3F, struct.pack("=QQQ", 0xAA, features, 0))  # UFFDIO_API
    if struct.unpack("=QQQ", answer)[2] == 0:
        raise No("it takes no request")


def uffd_noncoop():
    uffd(1 << 1 | 1 << 2 | 1 << 3 | 1 << 6)  # EVENT_FORK, EVENT_REMAP, EVENT_REMOVE, EVENT_UNMAP


def clone3_set_tid():
    for tid in range(30001, 30100):
        wanted = (ctypes.c_int32 * 1)(tid)
        args = struct.pack("=11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(wanted), 1, 0)
        try:
            made = syscall("clone3", ctypes.c_char_p(args), 80)
        except OSError as error:
            if error.errno == errno.EEXIST:
                continue
            raise
        if made == 0:
            os._exit(0)
        if made != tid:
            raise No("the task has another id")
        return
    raise No("no id is free")


def netlink(protocol, kind, flags, body):
    """The errno of the answer to one request; 0 for success and for a list."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as one:
        one.settimeout(SECONDS / 2)
        one.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        answer = one.recv(65536)
        return -struct.unpack_from("=i", answer, 16)[0] if struct.unpack_from("=H", answer, 4)[0] == 2 else 0


def sock_diag():
    # SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, struct unix_diag_req
    code = netlink(4, 20, 0x301, struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0, 0, 0, 0, 0))
    if code:
        raise OSError(code, "sock_diag")


def newifindex():
    # RTM_SETLINK of a device that is not there: who may not set links hears that first
    name = b"creadynot\0"
    body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + struct.pack("=HH", 4 + len(name), 3) + name + bytes(-len(name) % 4)
    code = netlink(0, 19, 0x5, body)
    if code != errno.ENODEV:
        raise OSError(code, "RTM_SETLINK")


def nsid():
    # RTM_GETNSID with NETNSA_PID
    code = netlink(0, 90, 0x5, bytes(4) + struct.pack("=HHI", 8, 2, os.getpid()))
    if code:
        raise OSError(code, "RTM_GETNSID")


def pidfd_store():
    (one, other), pidfd = os.pipe(), syscall("pidfd_open", os.getpid(), 0)
    fetched = syscall("pidfd_getfd", pidfd, one, 0)
    os.write(other, b"x")
    if not select.select([fetched], [], [], SECONDS / 2)[0] or os.read(fetched, 1) != b"x":
        raise No("it is not the descriptor that was asked for")


def openat2():
    how = struct.pack("=QQQ", os.O_PATH | os.O_CLOEXEC, 0, 1)  # RESOLVE_NO_XDEV
    fd = syscall("openat2", -100, ctypes.c_char_p(b"."), ctypes.c_char_p(how), len(how))
    if os.path.realpath("/proc/self/fd/%d" % fd) != os.path.realpath("."):
        raise No("it is not the folder that was asked for")


def mount(source, target, kind, flags=0, data=""):
    check(LIBC.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()), "mount")


def own_mounts():
    before = namespace("mnt")
    unshare(CLONE_NEWNS)
    if namespace("mnt") == before:
        raise No("it is the same namespace as before")
    mount("", "/", "", MS_REC | MS_PRIVATE)


def room():
    """A folder of our own to mount on, in a mount namespace of our own."""
    own_mounts()
    mount("cready", "/proc/self/task", "ramfs")
    return "/proc/self/task"


def overlayfs_maps():
    at = room()
    os.chdir(at)
    for name in ("a", "b", "o"):
        os.mkdir(name)
    mount("overlay", "o", "overlay", 0, "lowerdir=a:b")


def autofs():
    own_mounts()
    _, writing = os.pipe()
    mount("cready", "/proc/self/task", "autofs", 0, "fd=%d,minproto=5,maxproto=5,direct" % writing)


def move_mount_set_group():
    at = room()
    os.chdir(at)
    os.mkdir("a")
    mount("a", "a", "", MS_BIND)
    mount("", at, "", MS_SHARED)
    os.chdir("/")
    syscall("move_mount", -100, ctypes.c_char_p(at.encode()), -100, ctypes.c_char_p((at + "/a").encode()), 0x100)
    mounts = read("/proc/self/mountinfo").splitlines()
    if not any(line.split()[4].endswith("/task/a") and " shared:" in line for line in mounts):
        raise No("the mount is in no group")


OPERATIONS = {
    one.__name__: one for one in (
        map_files, ns_last_pid, ipc_next_id, kcmp, prctl_mm, tcp_repair, tcp_half_closed, pty_lock, seccomp_suspend,
        seccomp_filters, netns_by_clone, tun, tun_ns, sk_ns, sk_unix_file, clone_parent_newpid, timens, loginuid, uffd, uffd_noncoop,
        clone3_set_tid, sock_diag, newifindex, nsid, pidfd_store, openat2, overlayfs_maps, autofs, move_mount_set_group,
    )
}
OPERATIONS["userns"] = new_namespace(CLONE_NEWUSER, "user")
OPERATIONS["cgroupns"] = new_namespace(CLONE_NEWCGROUP, "cgroup")
OPERATIONS["netns"] = new_namespace(CLONE_NEWNET, "net")


def attempt(operation):
    """None, or why it cannot be done."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(SECONDS)
        try:
            operation()
            os.write(writing, b"+")
        except OSError as error:
            os.write(writing, ("%s: %s" % (errno.errorcode.get(error.errno, error.errno), error)).encode())
        except BaseException as error:
            os.write(writing, ("%s: %s" % (type(error).__name__, error)).encode())
        os._exit(0)
    os.close(writing)
    said = b""
    while True:
        part = os.read(reading, 4096)
        if not part:
            break
        said += part
    os.close(reading)
    os.waitpid(pid, 0)
    return None if said == b"+" else said.decode() or "it ended without a word"


def owned(kind):
    """Whether our user namespace owns our namespace of that kind."""
    try:
        owner = fcntl.ioctl(os.open("/proc/self/ns/" + kind, os.O_RDONLY), NS_GET_USERNS)
        return os.readlink("/proc/self/fd/%d" % owner) == namespace("user")
    except OSError as error:
        return False if error.errno == errno.EPERM else None


def or_none(ask, *args):
    try:
        return ask(*args)
    except (OSError, ValueError):
        return None


def looked_at(path):
    """What is at a path: whether its file system is read-only, and why it cannot be opened."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
        refused = None
    except OSError as error:
        refused = errno.errorcode[error.errno]
    flag = lambda one: or_none(lambda: bool(os.statvfs(path).f_flag & one))
    return {"refused": refused, "readOnly": flag(os.ST_RDONLY), "noDevices": flag(os.ST_NODEV)}


def loopback_up():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        return bool(struct.unpack_from("=H", fcntl.ioctl(one, 0x8913, struct.pack("40s", b"lo")), 16)[0] & 1)  # SIOCGIFFLAGS


def facts(sysctls, paths):
    status = dict(line.split(":", 1) for line in read("/proc/self/status").splitlines())
    mounts = or_none(read, "/proc/self/mountinfo") or ""
    return {
        "uid": os.geteuid(),
        "capabilities": int(status["CapEff"], 16),
        "seccomp": int(status["Seccomp"]),
        "userns": or_none(namespace, "user"),
        "owned": {kind: owned(kind) for kind in ("cgroup", "ipc", "mnt", "net", "pid", "time", "uts")},
        "loopback": or_none(loopback_up),
        "processesOnly": any(line.split()[4] == "/proc" and "subset=pid" in line for line in mounts.splitlines()),
        "paths": {path: looked_at(path) for path in paths},
        "sysctls": {name: (or_none(read, "/proc/sys/" + name.replace(".", "/")) or "").strip() for name in sysctls},
    }


def main(words):
    check(LIBC.prctl(36, 1, 0, 0, 0), "PR_SET_CHILD_SUBREAPER")
    named = lambda option: [value for key, value in zip(words[::2], words[1::2]) if key == option]
    can = {name: attempt(operation) for name, operation in OPERATIONS.items()}
    json.dump({"facts": facts(named("--sysctl"), named("--path")), "can": can}, sys.stdout)
    sys.stdout.flush()
    # What the operations left, and what CLONE_PARENT made.
    signal.alarm(SECONDS)
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass


main(sys.argv[1:])
