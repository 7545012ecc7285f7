"""Mounts of a tree that has a mount namespace of its own."""

import os

from kit import MS_BIND, MS_PRIVATE, MS_RDONLY, MS_REC, MS_SHARED, MS_SLAVE, call, mount, specimen


def bare(root):
    """Leaves nothing but /, /proc and /dev as mounts: what else the machine has mounted is not the question."""
    with open("/proc/self/mountinfo", "rb") as file:
        targets = [line.split()[4].decode("unicode_escape").encode("latin-1") for line in file]
    for target in reversed(targets):
        if target not in (b"/", b"/proc", b"/dev") and not target.startswith(b"/proc/"):
            os_umount(target)


def os_umount(target):
    call("umount2", target, 2)


def folder(root, name):
    os.makedirs(root.path(name), exist_ok=True)
    return root.path(name)


@specimen("ns-root-own mnt-restore-root", own="mnt")
def mnt_copy(root):
    """A mount namespace of its own: a copy of all mounts of the machine."""


@specimen("ns-root-own", own="mnt")
def mnt_bare(root):
    """A mount namespace of its own with the root and /proc alone."""
    bare(root)


@specimen("mnt-tmpfs", own="mnt")
def mnt_tmpfs(root):
    """A tmpfs with contents."""
    bare(root)
    mount("tmpfs", folder(root, "tmpfs"), "tmpfs")
    root.file("tmpfs/file")


@specimen("mnt-bind-outside", own="mnt")
def mnt_bind(root):
    """A bind of a folder of the root mount."""
    bare(root)
    folder(root, "source")
    mount(root.path("source"), folder(root, "bound"), None, MS_BIND)


@specimen("mnt-bind-outside", "options", own="mnt")
def mnt_bind_of_hidden(root):
    """A bind of a folder of a tmpfs of the host that is not mounted here otherwise, as volumes of containers are."""
    bare(root)
    mount("volumes", folder(root, "volumes"), "tmpfs")
    folder(root, "volumes/one")
    mount(root.path("volumes/one"), folder(root, "data"), None, MS_BIND)
    os_umount(os.fsencode(root.path("volumes")))


@specimen("mnt-bind-outside", "options", own="mnt")
def mnt_bind_file(root):
    """A bind of a file of a tmpfs that is not mounted here otherwise, as /etc/hosts in containers."""
    bare(root)
    mount("volumes", folder(root, "volumes"), "tmpfs")
    root.file("volumes/hosts")
    root.file("hosts")
    mount(root.path("volumes/hosts"), root.path("hosts"), None, MS_BIND)
    os_umount(os.fsencode(root.path("volumes")))


@specimen("mnt-fs-unsupported", "options", own="mnt")
def mnt_ramfs(root):
    """A ramfs."""
    bare(root)
    mount("ramfs", folder(root, "ramfs"), "ramfs")


@specimen("mnt-fs-unsupported", "options", own="mnt", needs="hugetlb")
def mnt_hugetlbfs(root):
    """A file system of huge pages."""
    bare(root)
    mount("hugetlbfs", folder(root, "huge"), "hugetlbfs")


@specimen("mnt-fs-unsupported", "options", own="mnt")
def mnt_bpf(root):
    """A file system of BPF objects."""
    bare(root)
    mount("bpf", folder(root, "bpf"), "bpf")


@specimen("mnt-external-master", own="mnt")
def mnt_slave(root):
    """A mount that receives from a peer group of which no member is here."""
    bare(root)
    mount("tmpfs", folder(root, "one"), "tmpfs")
    mount(None, root.path("one"), None, MS_SHARED)
    mount(root.path("one"), folder(root, "two"), None, MS_BIND)
    mount(None, root.path("two"), None, MS_SLAVE)
    os_umount(os.fsencode(root.path("one")))


@specimen("mnt-external-master", own="mnt")
def mnt_slave_inside(root):
    """A mount that receives from one that is here."""
    bare(root)
    mount("tmpfs", folder(root, "one"), "tmpfs")
    mount(None, root.path("one"), None, MS_SHARED)
    mount(root.path("one"), folder(root, "two"), None, MS_BIND)
    mount(None, root.path("two"), None, MS_SLAVE)


@specimen("mnt-external-shared", own="mnt")
def mnt_shared(root):
    """A shared mount."""
    bare(root)
    mount("tmpfs", folder(root, "one"), "tmpfs")
    mount(None, root.path("one"), None, MS_SHARED)


@specimen("mnt-external-shared mnt-bind-outside", "options", own="mnt")
def mnt_shared_bind_of_hidden(root):
    """A shared bind of a folder of a tmpfs that is not mounted here otherwise."""
    bare(root)
    mount("volumes", folder(root, "volumes"), "tmpfs")
    folder(root, "volumes/one")
    mount(root.path("volumes/one"), folder(root, "data"), None, MS_BIND)
    mount(None, root.path("data"), None, MS_SHARED)
    os_umount(os.fsencode(root.path("volumes")))


@specimen("mnt-unreachable-fs mnt-tmpfs", own="mnt")
def mnt_overmounted(root):
    """A tmpfs over another one."""
    bare(root)
    mount("lower", folder(root, "tmpfs"), "tmpfs")
    root.file("tmpfs/file")
    mount("upper", root.path("tmpfs"), "tmpfs")


@specimen("mnt-overlay", own="mnt")
def mnt_overlay(root):
    """An overlay."""
    from kinds.file import overlay

    bare(root)
    overlay(root)


@specimen("mnt-nonempty-pseudo ipc-mqueue-mount", own="mnt ipc")
def mnt_mqueue(root):
    """A file system of message queues, with none in it."""
    bare(root)
    mount("mqueue", folder(root, "mqueue"), "mqueue")


@specimen("mnt-nonempty-pseudo ipc-mqueue-mount", "refused", own="mnt ipc")
def mnt_mqueue_full(root):
    """A file system of message queues with a queue in it that nobody has open."""
    bare(root)
    mount("mqueue", folder(root, "mqueue"), "mqueue")
    root.file("mqueue/queue", b"")


@specimen("mnt-fuse", "options", own="mnt", needs="fuse")
def mnt_fuse(root):
    """A file system in user space whose server is outside and never answers."""
    from kinds.fd import misc

    bare(root)
    os.mknod(root.path("device"), 0o20600, misc("fuse"))
    fd = root.open("device", os.O_RDWR)
    mount("fuse", folder(root, "fuse"), "fuse", 0, f"fd={fd},rootmode=40000,user_id=0,group_id=0")
    root.outside()
    os.close(fd)


@specimen("mnt-deleted-root", own="mnt")
def mnt_deleted(root):
    """A bind of a folder that is deleted."""
    bare(root)
    mount(folder(root, "source"), folder(root, "bound"), None, MS_BIND)
    os.rmdir(root.path("source"))


@specimen("mnt-unknown-flags", own="mnt")
def mnt_no_symlinks(root):
    """A tmpfs on which symlinks are not followed (nosymfollow)."""
    bare(root)
    mount("tmpfs", folder(root, "tmpfs"), "tmpfs", 256)


@specimen("mnt-unknown-propagation", own="mnt")
def mnt_unbindable(root):
    """A tmpfs that cannot be bound."""
    bare(root)
    mount("tmpfs", folder(root, "tmpfs"), "tmpfs")
    mount(None, root.path("tmpfs"), None, 1 << 17)


@specimen("mnt-fs-unsupported", own="mnt")
def mnt_sysfs_and_cgroup(root):
    """Further file systems of the kernel: sysfs, devpts, cgroup2, debugfs, tracefs, securityfs."""
    bare(root)
    for kind in ("sysfs", "devpts", "cgroup2", "debugfs", "tracefs", "securityfs"):
        try:
            mount(kind, folder(root, kind), kind)
        except OSError:
            pass  # a kernel without it


@specimen("tty-pts-bind-mount", "options", own="mnt")
def mnt_console(root):
    """A terminal of the host bound over a file, as /dev/console in containers."""
    master, slave = os.openpty()
    root.file("console", b"")
    mount(os.ttyname(slave), root.path("console"), None, MS_BIND)
    root.outside()
    os.close(master)
    os.close(slave)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        targets = [line.split()[4] for line in file]
    for target in reversed(targets):
        if target not in ("/", "/proc", "/dev", root.path("console")):
            os_umount(os.fsencode(target))


@specimen("mnt-skip mnt-autofs mnt-autofs-foreign-master", "refused", own="mnt")
def mnt_autofs(root):
    """An automount point whose daemon is outside."""
    bare(root)
    end, other = os.pipe()
    pid = root.outside(close=[])
    mount("autofs", folder(root, "auto"), "autofs", 0, f"fd={other},pgrp={os.getpgrp()},minproto=5,maxproto=5,indirect")
    os.close(end)
    os.close(other)


@specimen("ns-mnt-chroot", "refused", own="mnt")
def mnt_chroot(root):
    """The root of the tree is chrooted below the root of its mount namespace."""
    bare(root)
    os.chroot(root.folder)
    os.chdir("/")


@specimen("ns-root-own mnt-restore-root", "refused", own="mnt")
def mnt_pivoted(root):
    """A root folder of its own by pivot_root(2): a tmpfs with /proc, /dev and a bind of /usr."""
    new = folder(root, "new")
    mount("root", new, "tmpfs")
    for name in ("proc", "usr", "old", "tmp"):
        os.mkdir(f"{new}/{name}")
    for name in ("bin", "lib", "lib64", "sbin"):
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{new}/{name}")
    mount("/usr", f"{new}/usr", None, MS_BIND)
    mount("proc", f"{new}/proc", "proc")
    if call("syscall", 155, os.fsencode(new), os.fsencode(f"{new}/old")) == 0:
        os.chdir("/")
        os_umount(b"/old")


@specimen("mnt-tmpfs", own="mnt")
def mnt_read_only(root):
    """A read-only tmpfs with contents."""
    bare(root)
    mount("tmpfs", folder(root, "tmpfs"), "tmpfs")
    root.file("tmpfs/file")
    mount(None, root.path("tmpfs"), None, 32 | MS_RDONLY)


@specimen("mnt-bind-outside", "refused", own="mnt")
def mnt_odd_name(root):
    """A mountpoint with a blank, a newline, a backslash and a byte that is no UTF-8."""
    bare(root)
    path = os.fsencode(root.path("odd")) + b" \n\\\xff"
    os.mkdir(path)
    mount("tmpfs", path, "tmpfs")


@specimen("ns-nested-mnt", own="mnt")
def mnt_two(root):
    """A mount namespace of its own, a child in a further one."""
    from kit import unshare

    bare(root)
    root.task(lambda: unshare("mnt"))


@specimen("ns-root-own", own="mnt pid uts ipc net")
def mnt_contained(root):
    """Mount, PID, UTS, IPC and network namespaces of its own, as bubblewrap and engines make them; no mounts but root and /proc."""
    bare(root)
