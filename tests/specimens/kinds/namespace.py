"""Namespaces: of the whole tree, of a part of it."""

import os

from kit import call, specimen, unshare, write


@specimen("ns-root-own", restore="expected")
def ns_uts(root):
    """A UTS namespace of its own, with another name of the host."""
    unshare("uts")
    call("sethostname", b"specimen", 8)


@specimen("ns-root-own")
def ns_uts_tree(root):
    """The root and its children in a UTS namespace of their own."""
    unshare("uts")
    root.task(lambda: root.task())


@specimen("ns-nested", "refused")
def ns_uts_nested(root):
    """A child in a UTS namespace of its own."""
    root.task(lambda: unshare("uts"))


@specimen("ns-nested", "refused")
def ns_ipc_nested(root):
    """A child in an IPC namespace of its own."""
    root.task(lambda: unshare("ipc"))


@specimen("ns-nested", "refused")
def ns_pid_nested(root):
    """A child in a PID namespace of its own."""

    def child():
        unshare("pid")
        root.task()

    root.task(child)


@specimen("ns-nested", "refused")
def ns_user_nested(root):
    """A child in a user namespace of its own."""
    root.task(lambda: unshare("user"))


@specimen("ns-nested cg-nested-ns", "refused")
def ns_cgroup_nested(root):
    """A child in a cgroup namespace of its own."""
    root.task(lambda: unshare("cgroup"))


@specimen("ns-time-children", "refused")
def ns_time_for_children(root):
    """Its children will be in another time namespace than itself."""
    unshare("time")


@specimen("ns-nested ns-time-children", "refused")
def ns_time_nested(root):
    """A child is in a time namespace of its own."""
    unshare("time")
    root.task()


@specimen("ns-time")
def ns_time(root):
    """The root is in a time namespace of its own: it was executed anew after unshare(2)."""
    unshare("time")
    fd = os.open("/proc/self/ns/time_for_children", os.O_RDONLY)
    call("setns", fd, 0)
    os.close(fd)


@specimen("ns-pid-for-children", restore="lost")
def ns_pid_for_children(root):
    """Its next child will be in another PID namespace; there is none yet."""
    unshare("pid")


@specimen("ns-nested-mnt-host", restore="refused")
def ns_mnt_nested(root):
    """A child in a mount namespace of its own, the root in that of the host."""
    root.task(lambda: unshare("mnt"))


@specimen("ns-nested-mnt-host", restore="refused")
def ns_net_nested(root):
    """A child in a network namespace of its own, the root in that of the host."""
    root.task(lambda: unshare("net"))


@specimen("ns-root-own netdev-known")
def ns_net(root):
    """A network namespace of its own, with the loopback alone, down."""
    unshare("net")


@specimen("ns-root-own tcp-lock-own-netns")
def ns_net_up(root):
    """A network namespace of its own with the loopback up and a listening socket."""
    from kinds.inet import listener

    unshare("net")
    loopback_up()
    root.keep(listener())


@specimen("ns-root-own tcp-connected tcp-lock-own-netns", "options")
def ns_net_connected(root):
    """A network namespace of its own with a connection over its loopback."""
    from kinds.inet import connection

    unshare("net")
    loopback_up()
    root.keep(connection())


@specimen("ns-nested-net")
def ns_net_two(root):
    """A network namespace of its own, and a child in a further one."""
    unshare("net")
    root.task(lambda: unshare("net"))


@specimen("ns-root-own sock-foreign-netns", "refused")
def ns_net_old_socket(root):
    """A network namespace of its own, and a listening socket of the one that it left."""
    from kinds.inet import listener

    root.keep(listener())
    unshare("net")


def loopback_up():
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, 0x8914, struct.pack("16sh22x", b"lo", 1))


@specimen("mem-file-other-mntns ns-root-own", "refused")
def ns_mnt_left(root):
    """A mount namespace of its own since a moment ago: its program and libraries are mapped from the mounts of the old one."""
    unshare("mnt")


@specimen("ns-root-own", own="pid", restore="expected")
def ns_pid_init(root):
    """The root is PID 1 of a PID namespace of its own and sees the /proc of the host."""


@specimen("ns-root-own", own="pid")
def ns_pid_tree(root):
    """The root is PID 1 of a PID namespace and has children, threads and a dead child."""
    root.task(lambda: root.task())
    root.thread()
    root.task(stays=False)


@specimen("sess-outside-pidns", "refused", own="pid", leader=False)
def ns_pid_session_outside(root):
    """The root is PID 1 of a PID namespace and in a session of the host."""


@specimen("ns-cgroup")
def ns_cgroup(root):
    """A cgroup namespace of its own."""
    unshare("cgroup")


@specimen("ns-root-own")
def ns_user(root):
    """A user namespace of its own, with all users mapped."""
    user(root, "0 0 65536")


@specimen("ns-user-map", "refused")
def ns_user_without_root(root):
    """A user namespace of its own in which there is no user 0."""
    user(root, "1000 0 1")


@specimen("ns-user-map", "refused")
def ns_user_without_map(root):
    """A user namespace of its own without any map."""
    unshare("user")


@specimen("ns-user-ownership", "refused")
def ns_user_and_net(root):
    """A network namespace made before the user namespace, which thus does not own it."""
    unshare("net")
    user(root, "0 0 65536")


@specimen("ns-root-own")
def ns_user_and_net_inside(root):
    """A user namespace, and in it a network namespace."""
    user(root, "0 0 65536")
    unshare("net")


def user(root, line):
    """unshare(2), and a helper outside that writes the maps."""
    pid = os.getpid()
    end, other = os.pipe()
    written, writes = os.pipe()

    def helper():
        os.close(other)
        os.close(written)
        if root.fork() == 0:
            os.read(end, 1)
            write(f"/proc/{pid}/uid_map", line)
            write(f"/proc/{pid}/gid_map", line)
            os.write(writes, b".")
            os._exit(0)
        os.close(end)
        os.close(writes)

    root.outside(helper)
    os.close(end)
    os.close(writes)
    unshare("user")
    os.write(other, b".")
    os.read(written, 1)
    os.close(other)
    os.close(written)
    os.setgroups([])
    os.setresgid(int(line.split()[0]), int(line.split()[0]), int(line.split()[0]))
    os.setresuid(int(line.split()[0]), int(line.split()[0]), int(line.split()[0]))


@specimen("ns-root-own ns-nested")
def ns_uts_left_by_child(root):
    """The root is in a UTS namespace of its own, a child is back in that of the host."""
    old = os.open("/proc/self/ns/uts", os.O_RDONLY)
    unshare("uts")

    def back():
        call("setns", old, 0)
        os.close(old)

    root.task(back)
    os.close(old)
