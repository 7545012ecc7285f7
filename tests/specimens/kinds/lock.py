"""File locks and leases."""

import fcntl
import os
import struct

from kit import specimen

F_OFD_SETLK, F_SETLEASE, F_RDLCK, F_WRLCK = 37, 1024, 0, 1


def region(kind, start=0, length=0):
    """struct flock of 64-bit machines."""
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0)


@specimen("lock-any", "options")
def lock_flock(root):
    """An exclusive flock(2) on a file of its own."""
    fcntl.flock(root.open("locked"), fcntl.LOCK_EX)


@specimen("lock-any", "options")
def lock_flock_shared(root):
    """A shared flock(2)."""
    fcntl.flock(root.open("locked"), fcntl.LOCK_SH)


@specimen("lock-any", "options")
def lock_posix(root):
    """A POSIX write lock on ten bytes."""
    fcntl.fcntl(root.open("locked"), fcntl.F_SETLK, region(F_WRLCK, 5, 10))


@specimen("lock-any", "options")
def lock_posix_read(root):
    """A POSIX read lock on a file opened for reading."""
    root.file("locked")
    fcntl.fcntl(root.open("locked", os.O_RDONLY), fcntl.F_SETLK, region(F_RDLCK))


@specimen("lock-any", "options")
def lock_ofd(root):
    """An open file description lock."""
    fcntl.fcntl(root.open("locked"), F_OFD_SETLK, region(F_WRLCK))


@specimen("lock-any", "options")
def lock_lease(root):
    """A write lease on a file that nobody else has open."""
    fcntl.fcntl(root.open("leased"), F_SETLEASE, F_WRLCK)


@specimen("lock-any", "options")
def lock_lease_read(root):
    """A read lease."""
    root.file("leased")
    fcntl.fcntl(root.open("leased", os.O_RDONLY), F_SETLEASE, F_RDLCK)


@specimen("lock-any", "options")
def lock_in_child(root):
    """The lock is held by a child, not by the root."""
    root.task(lambda: fcntl.flock(root.open("locked"), fcntl.LOCK_EX))


@specimen("lock-any", "options")
def lock_inherited(root):
    """An flock(2) of the root that a child has by inheritance too."""
    fcntl.flock(root.open("locked"), fcntl.LOCK_EX)
    root.task()


@specimen("lock-any")
def lock_of_another_process(root):
    """The root has a file open that a process outside has locked with POSIX locks."""
    root.open("locked")
    root.outside(lambda: fcntl.fcntl(root.open("locked"), fcntl.F_SETLK, region(F_WRLCK)))


@specimen("lock-any")
def lock_flock_of_another_process(root):
    """The root has a file open that a process outside has locked through an open file description of its own."""
    root.open("locked")
    root.outside(lambda: fcntl.flock(root.open("locked"), fcntl.LOCK_EX))


@specimen("lock-any lock-shared-outside", "options")
def lock_shared_with_outside(root):
    """An flock(2) whose open file description a process outside has as well: that one still holds it at restore."""
    fcntl.flock(root.open("locked"), fcntl.LOCK_EX)
    root.outside()


@specimen("lock-any")
def lock_released(root):
    """A lock that was taken and given back."""
    fd = root.open("locked")
    fcntl.flock(fd, fcntl.LOCK_EX)
    fcntl.flock(fd, fcntl.LOCK_UN)


@specimen("lock-any")
def lock_closed(root):
    """A POSIX lock that went away since another descriptor of the file was closed."""
    fcntl.fcntl(root.open("locked"), fcntl.F_SETLK, region(F_WRLCK))
    os.close(root.open("locked"))


@specimen("lock-blocked-waiter lock-any", "dumped", when=lambda pid: waits_for_lock(pid))
def lock_waiter(root):
    """A child sleeps in flock(2) for a lock of a process outside; the tree itself holds none."""
    root.outside(lambda: fcntl.flock(root.open("locked"), fcntl.LOCK_EX))
    if root.fork() == 0:
        fcntl.flock(root.open("locked"), fcntl.LOCK_EX)
        os._exit(0)


@specimen("lock-blocked-waiter lock-any", "options", when=lambda pid: waits_for_lock(pid))
def lock_waiter_inside(root):
    """A child sleeps in flock(2) for a lock of the root."""
    fcntl.flock(root.open("locked"), fcntl.LOCK_EX)
    if root.fork() == 0:
        os.close(3)
        fcntl.flock(root.open("locked"), fcntl.LOCK_EX)
        os._exit(0)


def waits_for_lock(pid):
    """A child of pid sleeps for a lock."""
    with open("/proc/locks", encoding="utf-8") as file:
        return any("->" in line for line in file)
