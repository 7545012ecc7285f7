"""Situations that cross the kinds of resources: limits that reach into the dump, and things made in unusual ways."""

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import time

from kit import PAGE, call, rest, specimen, syscall, until

F_SETOWN_EX, F_SETSIG = 15, 10


@specimen("attr-rlimit-files", "refused")
def mixed_limit_files(root):
    """No more descriptor may be opened."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def limited(free):
    """Leaves so many numbers for descriptors, one of them amid those that are in use."""
    for _ in range(10):
        os.open("/dev/null", os.O_RDONLY)
    os.close(5)
    resource.setrlimit(resource.RLIMIT_NOFILE, (12 + free, 12 + free))


@specimen("attr-rlimit-files", "refused")
def mixed_limit_files_one(root):
    """One more descriptor may be opened."""
    limited(1)


@specimen("attr-rlimit-files", "refused")
def mixed_limit_files_two(root):
    """Two more descriptors may be opened."""
    limited(2)


@specimen("attr-rlimit-files", "refused")
def mixed_limit_files_three(root):
    """Three more descriptors may be opened."""
    limited(3)


@specimen("attr-rlimit-files", "dumped")
def mixed_limit_files_four(root):
    """Four more descriptors may be opened."""
    limited(4)


@specimen("attr-rlimit-files", "refused")
def mixed_limit_files_child(root):
    """No more descriptor may be opened in a child, which has some above its limit."""
    root.task(lambda: (limited(0), resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))))


@specimen("attr-rlimit-memory", "refused")
def mixed_limit_memory(root):
    """The address space may not grow (RLIMIT_AS)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * PAGE, pages * PAGE))


@specimen("attr-rlimits", "dumped")
def mixed_limit_file_size(root):
    """No file may grow (RLIMIT_FSIZE)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@specimen("attr-rlimits", "dumped")
def mixed_limit_locked(root):
    """All memory is locked, and no more may be (RLIMIT_MEMLOCK)."""
    call("mlockall", 1)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))


@specimen("attr-exe-memfd", restore="refused", when=lambda pid: "memfd" in os.readlink(f"/proc/{pid}/exe"))
def mixed_run_from_memory(root):
    """The program was executed from a memfd, as loaders do."""
    memory = os.memfd_create("program")
    with open("/bin/sleep", "rb") as file:
        os.write(memory, file.read())
    root.ready()
    os.set_inheritable(memory, False)
    os.execve(memory, ["sleep", "1000000"], {})


@specimen("attr-exe-memfd", restore="refused")
def mixed_run_from_memory_child(root):
    """A child was executed from a sealed memfd, as runc is."""
    memory = os.memfd_create("program", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    with open("/bin/sleep", "rb") as file:
        os.write(memory, file.read())
    fcntl.fcntl(memory, 1033, 15)
    pid = root.fork()
    if pid == 0:
        os.execve(memory, ["sleep", "1000000"], {})
    os.close(memory)
    until(lambda: "memfd" in os.readlink(f"/proc/{pid}/exe"), "it runs")


@specimen("lock-any", "options")
def mixed_lock_on_deleted(root):
    """A lock of a deleted file."""
    fd = root.open("gone")
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.unlink(root.path("gone"))


@specimen("lock-any", "options")
def mixed_lock_on_folder(root):
    """A lock of a folder."""
    fcntl.flock(os.open(root.folder, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_EX)


@specimen("lock-any", "host", sort="positive")
def mixed_lock_on_pipe(root):
    """A lock of a pipe."""
    read, _ = os.pipe()
    fcntl.flock(read, fcntl.LOCK_EX)


@specimen("lock-any", "host", sort="positive")
def mixed_lock_on_socket(root):
    """A lock of a socket."""
    pair = root.keep(socket.socketpair())
    fcntl.flock(pair[0].fileno(), fcntl.LOCK_EX)


@specimen("lock-any", "host", sort="positive")
def mixed_lock_on_event(root):
    """A lock of an eventfd, which shares its inode with all others of the machine."""
    fcntl.flock(syscall("eventfd2", 0, 0), fcntl.LOCK_EX)


@specimen("file-owner", "dumped")
def mixed_signal_owner(root):
    """Descriptors that signal their owner: the task, its group, and one that is gone."""
    for owner in (os.getpid(), -os.getpgrp()):
        read, _ = os.pipe()
        fcntl.fcntl(read, fcntl.F_SETOWN, owner)
        fcntl.fcntl(read, F_SETSIG, signal.SIGRTMIN)
        fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC)
    gone = root.task(stays=False)
    os.waitpid(gone, 0)


@specimen("file-proc-own", "host", sort="positive")
def mixed_proc_files(root):
    """Files of its own /proc folder: memory, descriptors, a thread, maps."""
    for name in ("mem", "fd", "maps", "task", f"task/{os.getpid()}/stat", "environ", "fdinfo/0"):
        os.open(f"/proc/self/{name}", os.O_RDONLY)


@specimen("unix-listen", "host", sort="positive")
def mixed_unix_pending_inside(root):
    """A client of the tree waits at a listener of the tree, with data sent."""
    listener = root.keep(socket.socket(socket.AF_UNIX))
    os.chdir(root.folder)
    listener.bind("s")
    listener.listen()
    one = root.keep(socket.socket(socket.AF_UNIX))
    one.connect("s")
    one.send(b"data")
    os.chdir("/")


@specimen("unix-listen", "host", sort="positive")
def mixed_unix_pending_outside(root):
    """A client outside waits at a listener of the tree."""
    listener = root.keep(socket.socket(socket.AF_UNIX))
    os.chdir(root.folder)
    listener.bind("s")
    listener.listen()

    def outside():
        one = root.keep(socket.socket(socket.AF_UNIX))
        one.connect("s")
        listener.close()

    root.outside(outside)
    os.chdir("/")


@specimen("unix-bound-only", "host", sort="positive")
def mixed_unix_name_moved(root):
    """The file of a listener was renamed."""
    listener = root.keep(socket.socket(socket.AF_UNIX))
    os.chdir(root.folder)
    listener.bind("s")
    listener.listen()
    os.rename("s", "t")
    os.chdir("/")


@specimen("tcp-connected", "options")
def mixed_tcp_to_itself(root):
    """A connection of a socket to itself."""
    one = root.keep(socket.socket())
    one.bind(("127.0.0.1", 0))
    one.connect(one.getsockname())
    one.send(b"data")


@specimen("packet-socket", "host", sort="positive")
def mixed_packet_fanout(root):
    """Two packet sockets that share their load."""
    for _ in range(2):
        one = root.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        one.bind(("lo", 3))
        one.setsockopt(263, 18, 7)


@specimen("fd-pipe", "dumped")
def mixed_pipe_reopened(root):
    """A pipe with data whose reading end was opened again by /proc, without its first one."""
    read, write_ = os.pipe()
    os.write(write_, b"x" * 5000)
    os.open(f"/proc/self/fd/{read}", os.O_RDONLY | os.O_NONBLOCK)
    os.close(read)


@specimen("tty-own-pair", "host", sort="positive")
def mixed_terminal_modes(root):
    """A pair of terminal sides in packet mode, exclusive, with a size, echo off and data for the master."""
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(master, termios.TIOCPKT, struct.pack("i", 1))
    fcntl.ioctl(slave, termios.TIOCEXCL)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 50, 132, 0, 0))
    os.write(slave, b"data")


@specimen("tree-plain", "dumped")
def mixed_daemon(root):
    """A daemon that was forked twice, with a worker in a session of its own, below a root that adopts orphans."""
    call("prctl", 36, 1, 0, 0, 0)

    def middle():
        if root.fork() == 0:
            os.setsid()
            root.task()
            rest()

    pid = root.task(middle, stays=False)
    os.waitpid(pid, 0)


@specimen("tree-zombie", "host", sort="positive")
def mixed_zombie_session(root):
    """A zombie that led a session, whose member lives."""
    call("prctl", 36, 1, 0, 0, 0)

    def leader():
        os.setsid()
        if root.fork() == 0:
            rest()

    root.task(leader, stays=False)
    time.sleep(0.05)


@specimen("attr-cwd-root", "host", sort="positive")
def mixed_folder_unmounted(root):
    """The working folder lies on a file system that was detached."""
    from kit import mount

    path = root.path("at")
    os.mkdir(path)
    mount("tmpfs", path, "tmpfs")
    os.chdir(path)
    call("umount2", os.fsencode(path), 2)


@specimen("fd-fanotify", "host", sort="positive")
def mixed_fanotify_permission(root):
    """fanotify that is asked for permission, and one that reports names."""
    one = syscall("fanotify_init", 4, os.O_RDONLY)
    syscall("fanotify_mark", one, 1, 0x10000, -100, ctypes.create_string_buffer(os.fsencode(root.file("asked"))))
    two = syscall("fanotify_init", 0xC00, 0)
    syscall("fanotify_mark", two, 1, 0x100 | 0x40000000, -100, ctypes.create_string_buffer(os.fsencode(root.folder)))
