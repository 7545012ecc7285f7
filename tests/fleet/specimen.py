"""The processes that the restore tests dump: `specimen.py NAME` makes its situation, writes "ready", and waits."""
import ctypes, fcntl, mmap, os, select, signal, socket, struct, sys, threading, time

NAME, WORK = sys.argv[1], sys.argv[2]
keep = []


def path(name):
    return os.path.join(WORK, name)


def file():
    keep.append(open(path("data"), "rb"))
    keep.append(open(path("log"), "ab"))


def threads():
    for _ in range(4):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()


def tcp_listener():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 7101))
    listener.listen()
    keep.append(listener)


def tcp_address():
    listener = socket.socket()
    listener.bind(("10.9.9.9", 7104))
    listener.listen()
    keep.append(listener)


def tcp6_listener():
    listener = socket.socket(socket.AF_INET6)
    listener.bind(("::1", 7106))
    listener.listen()
    keep.append(listener)


def tcp_connection():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 7102))
    listener.listen()
    client = socket.create_connection(("127.0.0.1", 7102))
    keep.extend([listener, client, listener.accept()[0]])


def udp():
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 7103))
    keep.append(bound)


def unix_pair():
    keep.extend(socket.socketpair())


def unix_path():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path("socket"))
    listener.listen()
    keep.append(listener)


def unix_abstract():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0cready-specimen")
    listener.listen()
    keep.append(listener)


def deleted():
    handle = open(path("deleted"), "w+")
    handle.write("still here")
    handle.flush()
    os.unlink(path("deleted"))
    keep.append(handle)


def descriptors():
    keep.append(os.pipe())
    libc = ctypes.CDLL(None)
    keep.append(libc.eventfd(7, 0))
    poll = select.epoll()
    poll.register(keep[0][0], select.EPOLLIN)
    keep.append(poll)
    keep.append(libc.timerfd_create(1, 0))
    keep.append(os.memfd_create("specimen"))
    os.write(keep[-1], b"x" * 100)


def shared_memory():
    handle = open(path("data"), "r+b")
    keep.append(mmap.mmap(handle.fileno(), 0))
    keep.append(mmap.mmap(-1, 1 << 20))


def tree():
    if os.fork() == 0:
        os.setsid()
        time.sleep(3600)
    if os.fork() == 0:
        os._exit(3)  # a zombie
    if os.fork() == 0:
        os.setpgid(0, 0)
        time.sleep(3600)


def folder():
    os.mkdir(path("folder"))
    os.chdir(path("folder"))


def lock():
    handle = open(path("data"), "r+b")
    fcntl.flock(handle, fcntl.LOCK_EX)
    keep.append(handle)


def two_mounts():
    """Becomes sleep in a mount namespace of two mounts, whatever the machine has: its root file system, and a proc."""
    libc = ctypes.CDLL(None, use_errno=True)

    def made(result):
        if result:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    os.mkdir(path("root"))
    made(libc.mount(b"/", path("root").encode(), None, 0x1000, None))  # MS_BIND
    before = os.open("/", os.O_RDONLY)
    os.chdir(path("root"))
    made(libc.syscall({"x86_64": 155, "aarch64": 41}[os.uname().machine], b".", b"."))  # pivot_root
    os.fchdir(before)
    made(libc.umount2(b".", 2))  # MNT_DETACH
    os.chdir("/")
    made(libc.mount(b"proc", b"/proc", b"proc", 0, None))
    os.setsid()
    os.closerange(0, 100)
    os.set_inheritable(os.open("/", os.O_RDONLY), True)
    os.execv("/bin/sleep", ["sleep", "1000"])


def odd_name():
    keep.append(open(os.path.join(os.fsencode(WORK), b"odd\n \\ \xff"), "wb"))


def path_only():
    os.symlink("data", path("link"))
    keep.append(os.open(path("link"), os.O_PATH | os.O_NOFOLLOW))


def unaccepted():
    """A client of a listener that is no part of the tree: restore.py holds it (`outside`)."""
    client = socket.socket(socket.AF_UNIX)
    client.connect("\0cready-outside")
    keep.append(client)


def tcp_reset():
    tcp_connection()
    listener, client, server = keep
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    listener.close()
    keep[:] = [client]


def nothing():
    pass


globals()[NAME]()
with open(path("ready"), "w") as ready:
    ready.write("ready")
while True:
    time.sleep(3600)
