"""Which tasks belong, how they are stopped, in what state they are."""

import ctypes
import os
import signal
import socket

from kit import CLONE_VFORK, CLONE_VM, libc, rest, specimen, state, syscall, until

PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_CONT = 0, 16, 0x4206, 7


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def first_child(pid, wanted):
    """Whether the first child is in one of these states."""
    found = children(pid)
    return bool(found) and state(found[0]) in wanted


@specimen("tree-zombie", restore="expected", when=lambda pid: first_child(pid, "Z"))
def tree_zombie(root):
    """A dead child that nobody has waited for."""
    root.task(stays=False)


@specimen("tree-zombie", when=lambda pid: first_child(pid, "Z"))
def tree_zombie_killed(root):
    """A dead child that a signal killed."""
    os.kill(root.task(), signal.SIGKILL)


@specimen("tree-zombie-leader tree-root-unseizable", "refused", when=lambda pid: state(pid) == "Z")
def tree_zombie_leader_root(root):
    """The first thread of the root is dead, another one lives on."""
    root.thread()
    root.ready()
    syscall("exit", 0)


@specimen("tree-zombie-leader", "refused", when=lambda pid: first_child(pid, "Z"))
def tree_zombie_leader_child(root):
    """A child whose first thread is dead while another one lives on."""

    def child():
        root.thread()

    pid = root.fork()
    if pid == 0:
        child()
        syscall("exit", 0)


@specimen("tree-root-zombie tree-root-unseizable", "refused", when=lambda pid: state(pid) == "Z")
def tree_root_zombie(root):
    """The root itself is dead."""
    root.ready()
    os._exit(3)


@specimen("tree-stopped", restore="expected", when=lambda pid: state(pid) == "T")
def tree_stopped(root):
    """Stopped by SIGSTOP."""
    root.ready()
    os.kill(os.getpid(), signal.SIGSTOP)
    rest()


@specimen("tree-stopped", when=lambda pid: first_child(pid, "T"))
def tree_stopped_child(root):
    """A child stopped by SIGSTOP."""
    os.kill(root.task(), signal.SIGSTOP)


@specimen("tree-stopped", when=lambda pid: first_child(pid, "T"))
def tree_stopped_tstp(root):
    """A child stopped by SIGTSTP."""
    os.kill(root.task(os.setpgrp), signal.SIGTSTP)


@specimen("tree-stopped-other-signal", "refused", when=lambda pid: first_child(pid, "T"))
def tree_stopped_ttin(root):
    """A child stopped by SIGTTIN."""
    os.kill(root.task(os.setpgrp), signal.SIGTTIN)


@specimen("tree-stopped-other-signal", "refused", when=lambda pid: first_child(pid, "T"))
def tree_stopped_ttou(root):
    """A child stopped by SIGTTOU."""
    os.kill(root.task(os.setpgrp), signal.SIGTTOU)


@specimen("tree-stopped", when=lambda pid: state(pid) == "T")
def tree_stopped_threads(root):
    """A task of three threads, all stopped."""
    root.thread()
    root.thread()
    root.ready()
    os.kill(os.getpid(), signal.SIGSTOP)
    rest()


@specimen("tree-stopped", when=lambda pid: state(pid) not in "T")
def tree_continued(root):
    """A child that was stopped and goes on."""
    pid = root.task()
    os.kill(pid, signal.SIGSTOP)
    until(lambda: state(pid) == "T", "stopped")
    os.kill(pid, signal.SIGCONT)


@specimen("tree-ptraced tree-root-unseizable", "refused")
def tree_ptraced(root):
    """A debugger outside traces the root."""
    pid = os.getpid()
    root.outside(lambda: syscall("ptrace", PTRACE_SEIZE, pid, 0, 0))


@specimen("tree-ptraced", "refused")
def tree_ptraced_child(root):
    """A debugger outside traces a child."""
    pid = root.task()
    root.outside(lambda: syscall("ptrace", PTRACE_SEIZE, pid, 0, 0))


@specimen("tree-ptraced", "refused")
def tree_ptraced_thread(root):
    """A debugger outside traces only the second thread."""
    tid = root.thread()
    root.outside(lambda: syscall("ptrace", PTRACE_SEIZE, tid, 0, 0))


@specimen("tree-ptraced", "refused")
def tree_ptraced_inside(root):
    """The root traces its child."""
    syscall("ptrace", PTRACE_SEIZE, root.task(), 0, 0)


@specimen("tree-ptraced")
def tree_tracer(root):
    """The root traces a process outside, which does not matter."""
    syscall("ptrace", PTRACE_SEIZE, root.outside(), 0, 0)


@specimen("tree-ptraced")
def tree_was_traced(root):
    """A tracer came and went."""
    pid = root.task()

    def trace():
        syscall("ptrace", PTRACE_SEIZE, pid, 0, 0)
        syscall("ptrace", 0x4207, pid, 0, 0)
        os.waitpid(pid, 0x40000000)
        syscall("ptrace", 17, pid, 0, 0)

    root.outside(trace)


@specimen("tree-d-state tree-vfork-parent share-vm", "refused", when=lambda pid: state(pid) == "D")
def tree_vfork_parent_root(root):
    """The root waits in vfork(2) for a child that has not executed anything yet."""
    root.ready()
    vfork_and_rest()


@specimen("tree-vfork-parent share-vm", "refused", when=lambda pid: first_child(pid, "D"))
def tree_vfork_parent_child(root):
    """A child waits in vfork(2)."""
    if root.fork() == 0:
        vfork_and_rest()


def vfork_and_rest():
    """A child in the same memory that only sleeps: pause(2) as its only call, run on a stack of its own."""
    pause = ctypes.cast(libc.pause, ctypes.c_void_p)
    stack = ctypes.create_string_buffer(65536)
    top = (ctypes.addressof(stack) + 65536) & ~15
    libc.clone(pause, ctypes.c_void_p(top), CLONE_VM | CLONE_VFORK | signal.SIGCHLD, None)


@specimen("tree-vfork-parent")
def tree_vfork_done(root):
    """A child that came by vfork(2) and has executed a program since."""
    import subprocess

    root.keep(subprocess.Popen(["/bin/sleep", "1000000"], close_fds=True))


@specimen("tree-pending-sigtrap", "refused")
def tree_pending_sigtrap(root):
    """SIGTRAP is blocked and pending."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTRAP])
    os.kill(os.getpid(), signal.SIGTRAP)


@specimen("tree-pending-sigtrap", "refused")
def tree_pending_sigtrap_thread(root):
    """SIGTRAP is pending for a second thread only."""

    def pend():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTRAP])
        syscall("tgkill", os.getpid(), syscall("gettid"), signal.SIGTRAP)

    root.thread(pend)


@specimen("tree-pending-signals tree-pending-sigtrap", restore="expected")
def tree_pending_signals(root):
    """Other signals are blocked and pending, a real-time one twice."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTRAP, signal.SIGRTMIN + 3])
    for number in (signal.SIGUSR1, signal.SIGRTMIN + 3, signal.SIGRTMIN + 3):
        os.kill(os.getpid(), number)


@specimen("tree-zombie")
def tree_orphans(root):
    """Descendants that were reparented out of the tree: a daemon of the root, no part of it any more."""
    root.outside()


@specimen("tree-daemonized-escapee attr-subreaper")
def tree_subreaper(root):
    """The root is a subreaper and has adopted a grandchild."""
    syscall("prctl", 36, 1, 0, 0, 0)

    def middle():
        root.task()

    os.waitpid(root.task(middle, stays=False), 0)


@specimen("thread-plain")
def tree_child_of_thread(root):
    """A child that a second thread forked: it is listed under that thread."""
    root.thread(root.task)


@specimen("thread-plain")
def tree_deep(root):
    """Forty generations."""

    def deeper(left):
        if left:
            root.task(lambda: deeper(left - 1))

    deeper(40)


@specimen("thread-plain")
def tree_wide(root):
    """Sixty children."""
    for _ in range(60):
        root.task()


@specimen("tree-zombie", when=lambda pid: first_child(pid, "Z"))
def tree_zombie_of_threads(root):
    """A dead child that had threads; all of them are gone."""

    def child():
        root.thread()

    root.task(child, stays=False)


@specimen("attr-exe")
def tree_many_threads(root):
    """Fifty threads."""
    for _ in range(50):
        root.thread()
