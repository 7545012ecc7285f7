"""System V and POSIX IPC."""

import ctypes
import os

from kit import MAP_SHARED, PAGE, call, libc, mmap, mount, specimen, unshare


@specimen("ipc-sem-msg-host", restore="lost")
def ipc_semaphore(root):
    """A System V semaphore of the host."""
    call("semget", 0, 1, 0o1600)


@specimen("ipc-sem-msg-host", restore="lost")
def ipc_semaphore_undo(root):
    """A semaphore with an adjustment for when the task ends."""
    import struct

    number = call("semget", 0, 1, 0o1600)
    call("semop", number, ctypes.create_string_buffer(struct.pack("HhH", 0, 1, 0x1000)), 1)


@specimen("ipc-sem-msg-host", restore="lost")
def ipc_queue(root):
    """A System V message queue of the host."""
    call("msgget", 0, 0o1600)


@specimen("ipc-posix-shm", restore="expected")
def ipc_posix_shm(root):
    """A POSIX shared memory object of the host, mapped."""
    name = f"/dev/shm/cready-specimen-{os.getpid()}"
    mount("shm", "/dev/shm", "tmpfs")
    fd = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(fd, 4 * PAGE)
    mmap(4 * PAGE, flags=MAP_SHARED, fd=fd)


@specimen("ipc-posix-shm file-deleted-ghost", restore="expected")
def ipc_posix_shm_unlinked(root):
    """A POSIX shared memory object that has no name any more."""
    mount("shm", "/dev/shm", "tmpfs")
    fd = os.open("/dev/shm/cready-specimen", os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(fd, 4 * PAGE)
    mmap(4 * PAGE, flags=MAP_SHARED, fd=fd)
    os.unlink("/dev/shm/cready-specimen")


@specimen("ipc-own-ns mem-sysv-shm")
def ipc_own_namespace(root):
    """An IPC namespace of its own with a segment attached, one that is not, a semaphore and a queue."""
    from kinds.memory import shared_segment

    unshare("ipc")
    shared_segment()
    call("shmget", 0, PAGE, 0o1600)
    call("semget", 0, 1, 0o1600)
    call("msgget", 0, 0o1600)


@specimen("ipc-own-ns")
def ipc_own_namespace_empty(root):
    """An IPC namespace of its own with nothing in it."""
    unshare("ipc")


@specimen("ipc-shm-partial-attach")
def ipc_partly_unmapped(root):
    """An IPC namespace of its own with a segment of which the middle is unmapped."""
    from kinds.memory import shared_segment

    unshare("ipc")
    _, at = shared_segment(6 * PAGE)
    libc.munmap(at + 2 * PAGE, PAGE)
