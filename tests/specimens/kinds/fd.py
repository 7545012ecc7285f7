"""Descriptors of the kernel's own objects."""

import ctypes
import os
import select
import signal
import socket
import struct

from kit import MAP_SHARED, NEW, PAGE, mmap, mount, call, specimen, syscall, unshare, until, state

O_DIRECT_PIPE = 0o40000
PIDFD_THREAD = os.O_EXCL


@specimen("fd-eventfd", restore="expected")
def fd_eventfd(root):
    """An eventfd with a count."""
    os.write(syscall("eventfd2", 0, 0), struct.pack("Q", 7))


@specimen("fd-eventfd", restore="lost")
def fd_eventfd_semaphore(root):
    """An eventfd that counts down by one."""
    syscall("eventfd2", 3, 1)


@specimen("fd-eventpoll", restore="expected")
def fd_epoll(root):
    """An epoll that watches a pipe, an eventfd and a socket."""
    watch = root.keep(select.epoll())
    for fd in (os.pipe()[0], syscall("eventfd2", 0, 0), root.keep(socket.socketpair())[0].fileno()):
        watch.register(fd, select.EPOLLIN)


@specimen("fd-eventpoll")
def fd_epoll_empty(root):
    """An epoll that watches nothing."""
    root.keep(select.epoll())


@specimen("fd-eventpoll")
def fd_epoll_nested(root):
    """An epoll that watches another one."""
    outer, inner = root.keep((select.epoll(), select.epoll()))
    inner.register(os.pipe()[0], select.EPOLLIN)
    outer.register(inner.fileno(), select.EPOLLIN)


@specimen("fd-eventpoll-escaped fd-eventpoll")
def fd_epoll_duplicated(root):
    """An epoll whose target was duplicated; the number that it watches is closed."""
    watch = root.keep(select.epoll())
    end = os.pipe()[0]
    watch.register(end, select.EPOLLIN)
    os.dup2(end, 50)
    os.close(end)


@specimen("fd-eventpoll-escaped")
def fd_epoll_number_reused(root):
    """The same with the number that it watches taken by another file."""
    watch = root.keep(select.epoll())
    end = os.pipe()[0]
    watch.register(end, select.EPOLLIN)
    os.dup2(end, 50)
    os.dup2(root.open("file"), end)


@specimen("fd-eventpoll-foreign", "refused")
def fd_epoll_foreign(root):
    """An epoll whose target only a process outside has open."""
    watch = root.keep(select.epoll())
    end, other = os.pipe()
    watch.register(end, select.EPOLLIN)
    root.outside()
    os.close(end)
    os.close(other)


@specimen("fd-eventpoll-foreign", "refused")
def fd_epoll_of_child(root):
    """An epoll in the root whose target only a child has open."""
    watch = root.keep(select.epoll())
    end, other = os.pipe()
    watch.register(end, select.EPOLLIN)
    root.task()
    os.close(end)
    os.close(other)


@specimen("fd-eventpoll")
def fd_epoll_inherited(root):
    """An epoll and its target, both inherited by a child."""
    watch = root.keep(select.epoll())
    watch.register(os.pipe()[0], select.EPOLLIN)
    root.task()


@specimen("fd-signalfd", restore="expected")
def fd_signalfd(root):
    """A signalfd for two signals, one of them pending."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGUSR2])
    mask = ctypes.create_string_buffer(struct.pack("Q", 1 << 9 | 1 << 11))
    syscall("signalfd4", -1, mask, 8, 0)
    os.kill(os.getpid(), signal.SIGUSR1)


def timerfd(clock, seconds=1000):
    fd = syscall("timerfd_create", clock, 0)
    setting = ctypes.create_string_buffer(struct.pack("qqqq", 10, 0, seconds, 0))
    syscall("timerfd_settime", fd, 0, setting, 0)
    return fd


@specimen("fd-timerfd", restore="expected")
def fd_timerfd(root):
    """Armed timerfds of the three ordinary clocks, and one that is not armed."""
    for clock in (0, 1, 7):
        timerfd(clock)
    timerfd(1, 0)


@specimen("fd-timerfd-alarm", "refused")
def fd_timerfd_alarm(root):
    """A timerfd of CLOCK_BOOTTIME_ALARM."""
    timerfd(9)


@specimen("fd-timerfd-alarm", "refused")
def fd_timerfd_alarm_real(root):
    """A timerfd of CLOCK_REALTIME_ALARM."""
    timerfd(8)


def inotify(path, mask=0x100):
    fd = syscall("inotify_init1", 0)
    call("inotify_add_watch", fd, os.fsencode(path), mask)
    return fd


@specimen("fd-inotify", restore="expected")
def fd_inotify(root):
    """A watch on a folder and one on a file, on the disk."""
    root.file("file")
    fd = inotify(root.folder)
    call("inotify_add_watch", fd, os.fsencode(root.path("file")), 2)


@specimen("fd-inotify")
def fd_inotify_empty(root):
    """An inotify without watches."""
    syscall("inotify_init1", 0)


@specimen("fd-inotify lost-inotify-events", restore="lost")
def fd_inotify_events(root):
    """An event waits to be read."""
    inotify(root.folder)
    root.file("new")


@specimen("fd-inotify")
def fd_inotify_tmpfs(root):
    """A watch on a tmpfs."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    inotify(root.path("folder"))


@specimen("fd-inotify-tmpfs-gone", "refused")
def fd_inotify_tmpfs_gone(root):
    """A watch on a file of a tmpfs that is deleted, while it is open."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    root.file("folder/file")
    fd = inotify(root.path("folder/file"))
    root.open("folder/file")
    os.unlink(root.path("folder/file"))


@specimen("fd-inotify")
def fd_inotify_deleted(root):
    """A watch on a file on the disk that is deleted, while it is open."""
    root.file("file")
    inotify(root.path("file"))
    root.open("file")
    os.unlink(root.path("file"))


@specimen("fd-inotify-handle", "refused")
def fd_inotify_proc(root):
    """A watch on a file of /proc, which has no file handles."""
    inotify("/proc/self/status")


@specimen("fd-inotify-handle fd-inotify", "refused")
def fd_inotify_sys(root):
    """A watch on a file of /sys."""
    inotify("/sys/kernel")


@specimen("fd-inotify-handle", "refused")
def fd_inotify_devpts(root):
    """A watch on /dev/pts."""
    inotify("/dev/pts")


@specimen("fd-inotify-handle", "refused")
def fd_inotify_overlay(root):
    """A watch on a folder of an overlay."""
    from kinds.file import overlay

    overlay(root)
    inotify(root.path("merged"))


@specimen("fd-inotify-unknown-dev fd-inotify-handle", "refused")
def fd_inotify_unmounted(root):
    """A watch on a tmpfs whose mount is detached while a process outside keeps it."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    root.outside(lambda: os.chdir(root.path("folder")))
    inotify(root.path("folder"))
    call("umount2", os.fsencode(root.path("folder")), 2)


def fanotify(flags, mask, path):
    fd = syscall("fanotify_init", 0, os.O_RDONLY)
    where = ctypes.create_string_buffer(os.fsencode(path))
    syscall("fanotify_mark", fd, 1 | flags, mask, -100, where)
    return fd


@specimen("fd-fanotify", restore="expected")
def fd_fanotify_inode(root):
    """A mark on a file."""
    root.file("file")
    fanotify(0, 0x20, root.path("file"))


@specimen("fd-fanotify", restore="expected")
def fd_fanotify_mount(root):
    """A mark on a mount."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    fanotify(0x10, 0x20, root.path("folder"))


@specimen("fd-fanotify-sb-mark", restore="lost")
def fd_fanotify_filesystem(root):
    """A mark on a file system."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    fanotify(0x100, 0x20, root.path("folder"))


@specimen("fd-fanotify-foreign-mount", "refused")
def fd_fanotify_unmounted(root):
    """A mark on a mount that is detached since."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    fanotify(0x10, 0x20, root.path("folder"))
    root.outside(lambda: os.chdir(root.path("folder")))
    call("umount2", os.fsencode(root.path("folder")), 2)


@specimen("fd-pidfd", "host", restore="expected")
def fd_pidfd_self(root):
    """A pidfd of the root itself and one of a child."""
    syscall("pidfd_open", os.getpid(), 0)
    syscall("pidfd_open", root.task(), 0)


@specimen("fd-pidfd", "host")
def fd_pidfd_dead(root):
    """A pidfd of a child that is dead and gone."""
    pid = root.task(stays=False)
    syscall("pidfd_open", pid, 0)
    os.waitpid(pid, 0)


@specimen("fd-pidfd", "host")
def fd_pidfd_zombie(root):
    """A pidfd of a child that is dead and not waited for."""
    pid = root.task(stays=False)
    syscall("pidfd_open", pid, 0)
    until(lambda: state(pid) == "Z", "zombie")


@specimen("fd-pidfd-foreign", "refused")
def fd_pidfd_foreign(root):
    """A pidfd of a process outside."""
    syscall("pidfd_open", root.outside(), 0)


@specimen("fd-pidfd-foreign", "refused")
def fd_pidfd_parent(root):
    """A pidfd of the parent."""
    syscall("pidfd_open", os.getppid(), 0)


@specimen("fd-pidfd-thread", "host")
def fd_pidfd_thread(root):
    """A pidfd of a thread."""
    syscall("pidfd_open", root.thread(), PIDFD_THREAD)


@specimen("fd-io-uring", "refused", needs="io_uring")
def fd_io_uring(root):
    """An io_uring whose rings are not mapped."""
    io_uring()


def io_uring(entries=4):
    parameters = ctypes.create_string_buffer(120)
    return syscall("io_uring_setup", entries, parameters)


@specimen("mem-io-uring fd-io-uring", "refused", needs="io_uring")
def fd_io_uring_mapped(root):
    """An io_uring with its rings mapped, as liburing and libuv leave it."""
    mmap(PAGE, flags=MAP_SHARED, fd=io_uring(), offset=0)


@specimen("mem-io-uring", "refused", needs="io_uring")
def fd_io_uring_closed(root):
    """The rings of an io_uring are mapped, its descriptor is closed."""
    fd = io_uring()
    mmap(PAGE, flags=MAP_SHARED, fd=fd, offset=0)
    os.close(fd)


def perf_event():
    attribute = ctypes.create_string_buffer(struct.pack("IIQ", 1, 112, 0).ljust(112, b"\0"), 112)
    return syscall("perf_event_open", attribute, 0, -1, -1, 0)


@specimen("fd-perf", "refused")
def fd_perf(root):
    """A perf event that counts in software."""
    perf_event()


@specimen("mem-anon-inode-other fd-perf", "refused")
def fd_perf_mapped(root):
    """A perf event whose ring is mapped."""
    mmap(2 * PAGE, flags=MAP_SHARED, fd=perf_event())


@specimen("fd-userfaultfd", "refused")
def fd_userfaultfd(root):
    """A userfaultfd with nothing registered."""
    syscall("userfaultfd", 1)


@specimen("mem-uffd-registered fd-userfaultfd", "refused")
def fd_userfaultfd_registered(root):
    """A userfaultfd with a range of memory registered."""
    import fcntl

    fd = syscall("userfaultfd", 1)
    fcntl.ioctl(fd, 0xC018AA3F, struct.pack("QQQ", 0xAA, 0, 0))
    fcntl.ioctl(fd, 0xC020AA00, struct.pack("QQQQ", mmap(4 * PAGE), 4 * PAGE, 1, 0))


@specimen("fd-userfaultfd", "refused")
def fd_userfaultfd_device(root):
    """A userfaultfd made through /dev/userfaultfd, and that device."""
    import fcntl

    os.mknod(root.path("uffd"), 0o20600, misc("userfaultfd"))
    fcntl.ioctl(root.open("uffd", os.O_RDWR), 0xAA00, 1)


def misc(name):
    """The device number of a miscellaneous device."""
    with open("/proc/misc", encoding="ascii") as file:
        for line in file:
            minor, text = line.split()
            if text == name:
                return os.makedev(10, int(minor))
    raise FileNotFoundError(f"/proc/misc has no {name}")


@specimen("fd-anon-other", "refused")
def fd_fscontext(root):
    """A file system being configured (fsopen)."""
    syscall("fsopen", ctypes.create_string_buffer(b"tmpfs"), 0)


@specimen("fd-anon-other", "refused", needs="landlock")
def fd_landlock(root):
    """A ruleset of Landlock."""
    attribute = ctypes.create_string_buffer(struct.pack("Q", 1))
    syscall("landlock_create_ruleset", attribute, 8, 0)


@specimen("file-mount-unknown", "options")
def fd_open_tree(root):
    """A folder of a detached copy of a mount (open_tree with OPEN_TREE_CLONE)."""
    syscall("open_tree", -100, ctypes.create_string_buffer(os.fsencode(root.folder)), 1)


@specimen("fd-pipe", restore="expected")
def fd_pipe(root):
    """A pipe with data, one end in a child."""
    end, other = os.pipe()
    os.write(other, b"waits")
    root.task(lambda: os.close(end))
    os.close(other)


@specimen("fd-pipe-packet", "refused")
def fd_pipe_packets(root):
    """A pipe that keeps packets apart (O_DIRECT)."""
    os.pipe2(O_DIRECT_PIPE)


@specimen("fd-pipe", restore="expected")
def fd_pipe_large(root):
    """A pipe of one megabyte that is half full."""
    import fcntl

    end, other = os.pipe()
    fcntl.fcntl(other, 1031, 1 << 20)
    os.write(other, bytes(1 << 19))


@specimen("fd-pipe-outer", restore="lost")
def fd_pipe_outside(root):
    """The reader of a pipe whose writer is outside."""
    end, other = os.pipe()
    root.outside(close=[end])
    os.close(other)


@specimen("fd-pipe-outer", restore="lost")
def fd_pipe_stdout(root):
    """Standard output is a pipe to a process outside, as in `program | cat`."""
    end, other = os.pipe()
    root.outside(close=[other])
    os.close(end)
    os.dup2(other, 1)
    os.close(other)


@specimen("fd-pipe")
def fd_pipe_closed(root):
    """The reader of a pipe whose writer is closed everywhere."""
    end, other = os.pipe()
    os.close(other)


@specimen("fd-pipe-many", "refused")
def fd_pipes_many(root):
    """1030 pipes over three tasks."""

    def more():
        for _ in range(260):
            os.pipe()

    for _ in range(3):
        root.task(more)
    more()


@specimen("fd-pipe-many")
def fd_pipes_few(root):
    """300 pipes, each open in two tasks."""
    for _ in range(300):
        os.pipe()
    root.task()


@specimen("fd-memfd", restore="expected")
def fd_memfd(root):
    """A memfd with seals and contents."""
    import fcntl

    fd = os.memfd_create("specimen", os.MFD_ALLOW_SEALING)
    os.write(fd, b"contents")
    fcntl.fcntl(fd, 1033, 2)


@specimen("mem-memfd fd-memfd", restore="expected")
def fd_memfd_mapped(root):
    """A memfd that is mapped, shared and private, and closed."""
    fd = os.memfd_create("specimen")
    os.ftruncate(fd, 4 * PAGE)
    mmap(4 * PAGE, flags=MAP_SHARED, fd=fd)
    mmap(4 * PAGE, fd=fd)
    os.close(fd)


@specimen("fd-memfd")
def fd_memfd_read_only(root):
    """A memfd opened anew for reading only."""
    fd = os.memfd_create("specimen")
    os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
    os.close(fd)


@specimen("mem-hugetlb-memfd", "host")
def fd_memfd_hugetlb(root):
    """A memfd of huge pages, empty."""
    os.memfd_create("specimen", os.MFD_HUGETLB)


@specimen("fd-memfd")
def fd_memfd_odd_name(root):
    """A memfd whose name ends in " (deleted)" and has a newline."""
    os.memfd_create("odd\nname (deleted)")


@specimen("fd-secretmem", "refused")
def fd_secretmem(root):
    """Secret memory that is not mapped."""
    os.ftruncate(syscall("memfd_secret", 0), PAGE)


@specimen("mem-secretmem fd-secretmem", "refused")
def fd_secretmem_mapped(root):
    """Secret memory, mapped and closed."""
    fd = syscall("memfd_secret", 0)
    os.ftruncate(fd, PAGE)
    ctypes.memset(mmap(PAGE, flags=MAP_SHARED, fd=fd), 1, 1)
    os.close(fd)


@specimen("fd-posix-mqueue", "options")
def fd_mqueue(root):
    """A POSIX message queue."""
    mqueue()


def mqueue():
    name = ctypes.create_string_buffer(b"cready-specimen")
    return syscall("mq_open", name, os.O_RDWR | os.O_CREAT, 0o600, 0)


@specimen("fd-nsfs", restore="expected")
def fd_namespaces(root):
    """Its own namespaces are open."""
    for kind in ("net", "mnt", "uts", "ipc", "user", "pid"):
        os.open(f"/proc/self/ns/{kind}", os.O_RDONLY)


@specimen("fd-nsfs-foreign", "refused")
def fd_namespace_foreign(root):
    """A network namespace is open in which nobody of the tree lives."""
    pid = root.outside(lambda: unshare("net"))
    os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)


@specimen("fd-nsfs-foreign", "refused")
def fd_namespace_alone(root):
    """A UTS namespace is open in which nobody lives at all."""
    pid = root.task(lambda: unshare("uts"))
    os.open(f"/proc/{pid}/ns/uts", os.O_RDONLY)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@specimen("fd-blockdev", "refused")
def fd_block_device(root):
    """A block device is open."""
    os.mknod(root.path("loop0"), 0o60600, os.makedev(7, 0))
    root.open("loop0", os.O_RDONLY)


@specimen("fd-blockdev fd-opath", "refused")
def fd_block_device_o_path(root):
    """The node of a block device is open with O_PATH."""
    os.mknod(root.path("loop0"), 0o60600, os.makedev(7, 0))
    root.open("loop0", os.O_PATH)


@specimen("fd-count")
def fd_many(root):
    """600 files."""
    for number in range(600):
        root.open(f"file{number}")


@specimen("fd-count")
def fd_high_number(root):
    """A descriptor with the highest number that is allowed."""
    import resource

    os.dup2(root.open("file"), resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1)


@specimen("fd-count")
def fd_none(root):
    """No descriptors at all."""
    root.ready()
    os.closerange(0, 1024)
    signal.pause()


@specimen("fd-eventfd")
def fd_passed_on(root):
    """An eventfd that a process outside has as well."""
    syscall("eventfd2", 0, 0)
    root.outside()
