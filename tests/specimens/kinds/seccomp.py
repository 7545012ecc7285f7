"""Seccomp."""

import ctypes
import os
import struct

from kit import specimen, syscall
from kinds.attributes import prctl

ALLOW, USER_NOTIF = 0x7FFF0000, 0x7FC00000
SET_MODE_FILTER, NEW_LISTENER, TSYNC, LOG = 1, 8, 1, 2


def filter_of(answer, flags=0):
    """A filter with one answer to everything."""
    return install([(0x06, 0, 0, answer)], flags)


def install(code, flags=0):
    prctl(38, 1)
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program)))
    return syscall("seccomp", SET_MODE_FILTER, flags, header)


@specimen("seccomp-filter", restore="expected")
def seccomp_filter(root):
    """Two filters that allow everything."""
    filter_of(ALLOW)
    filter_of(ALLOW)


@specimen("seccomp-filter")
def seccomp_filter_denies(root):
    """A filter that kills at ptrace(2), mmap(2) with execution and most else that CRIU's code would call."""
    # ld nr; allow rt_sigreturn, pause, restart_syscall, exit_group; else EPERM
    code = [(0x20, 0, 0, 0)]
    for number in (15, 34, 219, 231, 1, 3):
        code += [(0x15, 0, 1, number), (0x06, 0, 0, ALLOW)]
    install(code + [(0x06, 0, 0, 0x00050001)])


@specimen("seccomp-filter")
def seccomp_filter_thread(root):
    """A filter of the second thread alone."""
    root.thread(lambda: filter_of(ALLOW))


@specimen("seccomp-filter")
def seccomp_filter_child(root):
    """A filter of a child."""
    root.task(lambda: filter_of(ALLOW))


@specimen("seccomp-user-notif")
def seccomp_notify_outside(root):
    """A filter that asks a process outside, of which no call is pending."""
    import socket

    mine, other = socket.socketpair()
    # Only uname(2) asks.
    listener = install([(0x20, 0, 0, 0), (0x15, 0, 1, 63), (0x06, 0, 0, USER_NOTIF), (0x06, 0, 0, ALLOW)], NEW_LISTENER)
    root.outside(lambda: None, close=[mine.fileno(), other.fileno()])
    os.close(listener)
    mine.close()
    other.close()


@specimen("fd-seccomp-notify seccomp-user-notif", "refused")
def seccomp_notify_inside(root):
    """The root has the listener of a filter of its child."""
    import socket

    mine, other = socket.socketpair()

    def child():
        mine.close()
        listener = install([(0x20, 0, 0, 0), (0x15, 0, 1, 63), (0x06, 0, 0, USER_NOTIF), (0x06, 0, 0, ALLOW)], NEW_LISTENER)
        socket.send_fds(other, [b"."], [listener])
        os.close(listener)
        other.close()

    root.task(child)
    other.close()
    socket.recv_fds(mine, 1, 1)
    mine.close()


@specimen("seccomp-strict", needs="x86_64")
def seccomp_strict(root):
    """A child in strict mode: it sleeps in read(2)."""
    from kit import until

    end, other = os.pipe()
    pid = root.fork()
    if pid == 0:
        buffer = ctypes.create_string_buffer(1)
        read = ctypes.CDLL(None).read
        read.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
        prctl_bare = ctypes.CDLL(None).prctl
        address = ctypes.addressof(buffer)
        prctl_bare(22, 1, 0, 0, 0)
        read(end, address, 1)
        while True:
            pass

    def strict():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return "Seccomp:\t1" in file.read()

    until(strict, "strict mode")
