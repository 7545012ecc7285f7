"""Sessions and process groups."""

import os

from kit import specimen


@specimen("sess-root-not-leader", "options", leader=False)
def sess_not_leader(root):
    """The root is in the session of its parent, a process outside."""


@specimen("sess-root-not-leader", "options", leader=False)
def sess_group_leader_only(root):
    """The root leads a process group, but no session: a job of a shell without job control's terminal."""
    os.setpgrp()


@specimen("sess-root-not-leader", "options", leader=False)
def sess_not_leader_child_is(root):
    """The root is in the session of its parent, while a child leads one."""
    root.task(os.setsid)


@specimen("sess-root-not-leader")
def sess_child_leader(root):
    """A child leads a session of its own."""
    root.task(os.setsid)


@specimen("sess-pgid-absent", restore="expected")
def sess_group(root):
    """A child leads a process group, a second one is its member."""
    first = root.task(os.setpgrp)
    root.task(lambda: os.setpgid(0, first))


@specimen("sess-pgid-absent")
def sess_group_without_leader(root):
    """A child in a process group whose leader is gone."""
    first = root.task(os.setpgrp, stays=False)
    root.task(lambda: os.setpgid(0, first))
    os.waitpid(first, 0)


@specimen("sess-foreign-deep", restore="refused")
def sess_without_leader(root):
    """A grandchild of the root in a session whose leader, its parent once, is dead and gone; a subreaper took it."""
    from kit import syscall

    syscall("prctl", 36, 1, 0, 0, 0)

    def leader():
        os.setsid()
        root.task(lambda: root.task())

    os.waitpid(root.task(leader, stays=False), 0)


@specimen("sess-born-ambiguous", restore="refused")
def sess_children_of_two(root):
    """A child had one child in the session of the root and, after setsid(2), another one in its own: fine. So had its child."""

    def child():
        root.task()
        os.setsid()
        root.task()

    root.task(child)
