"""Objects that tasks share, threads that do not."""

import ctypes
import os
import signal

from kit import CLONE_FILES, CLONE_FS, CLONE_IO, CLONE_SIGHAND, CLONE_SYSVSEM, CLONE_VM, READY, call, libc, rest, specimen, syscall, unshare


def clone(flags):
    """fork(2) with more shared; the child rests at once. Not with CLONE_VM, which needs a stack."""
    pid = syscall("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        if not flags & CLONE_FILES:
            os.close(READY)
        rest()
    return pid


def clone_vm(flags):
    """A task in the same memory that does nothing but pause(2)."""
    stack = ctypes.create_string_buffer(65536)
    STACKS.append(stack)
    top = (ctypes.addressof(stack) + 65536) & ~15
    return call("clone", ctypes.cast(libc.pause, ctypes.c_void_p), ctypes.c_void_p(top), flags | CLONE_VM | signal.SIGCHLD, None)


STACKS = []


@specimen("share-fs", "refused")
def share_fs(root):
    """A child shares working folder, root and umask (CLONE_FS)."""
    clone(CLONE_FS)


@specimen("share-files-parent", restore="expected")
def share_files(root):
    """A child shares the descriptor table (CLONE_FILES)."""
    root.open("file")
    clone(CLONE_FILES)


@specimen("share-files-other", "refused")
def share_files_siblings(root):
    """Two children of one task share a descriptor table, their parent has another one."""
    clone(CLONE_FILES)
    clone(CLONE_FILES)
    call("unshare", CLONE_FILES)


@specimen("share-files-parent")
def share_files_grandchild(root):
    """Three generations share one descriptor table."""
    pid = syscall("clone", CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        clone(CLONE_FILES)
        rest()


@specimen("share-vm", "refused")
def share_vm(root):
    """A child shares the memory (CLONE_VM)."""
    clone_vm(0)


@specimen("share-sighand share-vm", "refused")
def share_sighand(root):
    """A child shares memory and signal handlers."""
    clone_vm(CLONE_SIGHAND)


@specimen("share-io-sem", restore="lost")
def share_io(root):
    """A child shares the I/O context and the semaphore adjustments."""
    clone(CLONE_IO | CLONE_SYSVSEM)


@specimen("share-fs")
def share_nothing(root):
    """A child by a plain fork(2)."""
    root.task()


@specimen("thread-unshared-files", restore="lost")
def thread_unshared_files(root):
    """A thread with a descriptor table of its own."""
    root.thread(lambda: call("unshare", CLONE_FILES))


@specimen("thread-unshared-files", restore="lost")
def thread_unshared_fs(root):
    """A thread with a working folder of its own."""

    def leave():
        call("unshare", CLONE_FS)
        os.chdir("/tmp")

    root.thread(leave)


@specimen("thread-namespaces")
def thread_other_network(root):
    """A thread in a network namespace of its own."""
    root.thread(lambda: unshare("net"))


@specimen("thread-namespaces")
def thread_other_uts(root):
    """A thread in a UTS namespace of its own."""
    root.thread(lambda: unshare("uts"))


@specimen("thread-robust-list", restore="expected")
def thread_robust(root):
    """A thread that holds a robust mutex."""
    # Its list is registered by the C library; a mutex of it is held for ever.
    attribute, mutex = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
    STACKS.append(mutex)
    libc.pthread_mutexattr_init(attribute)
    libc.pthread_mutexattr_setrobust(attribute, 1)
    libc.pthread_mutex_init(mutex, attribute)
    root.thread(lambda: libc.pthread_mutex_lock(mutex))
