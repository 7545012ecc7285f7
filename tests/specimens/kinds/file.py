"""Regular files, folders, deleted and hidden ones."""

import os
import socket

from kit import MS_BIND, MS_RDONLY, call, mount, specimen, unshare


@specimen("file-deleted-ghost", restore="expected")
def file_deleted(root):
    """A deleted file without any other name."""
    root.open("gone")
    os.unlink(root.path("gone"))


@specimen("file-deleted-ghost", restore="expected")
def file_deleted_twice_open(root):
    """A deleted file, open through two descriptions and in a child."""
    root.open("gone")
    root.open("gone", os.O_RDONLY)
    os.unlink(root.path("gone"))
    root.task()


@specimen("file-deleted-ghost-big", "options")
def file_deleted_big(root):
    """A deleted file of two megabytes."""
    fd = root.open("gone")
    os.write(fd, bytes(2 << 20))
    os.fsync(fd)
    os.unlink(root.path("gone"))


@specimen("file-deleted-ghost-big", restore="expected")
def file_deleted_sparse(root):
    """A deleted file that is long, but of which one block is allocated."""
    fd = root.open("gone")
    os.pwrite(fd, b"end", 64 << 20)
    os.unlink(root.path("gone"))


@specimen("file-deleted-ghost-big")
def file_deleted_at_limit(root):
    """A deleted file of exactly one megabyte."""
    fd = root.open("gone")
    os.posix_fallocate(fd, 0, 1 << 20)
    os.unlink(root.path("gone"))


@specimen("file-deleted-ghost-big", "options")
def file_deleted_over_limit(root):
    """A deleted file of one megabyte and a byte."""
    fd = root.open("gone")
    os.posix_fallocate(fd, 0, (1 << 20) + 1)
    os.unlink(root.path("gone"))


@specimen("file-deleted-linked", "options")
def file_deleted_linked(root):
    """A deleted name of a file that has another one."""
    root.open("gone")
    os.link(root.path("gone"), root.path("other"))
    os.unlink(root.path("gone"))


@specimen("file-deleted-linked", "options")
def file_deleted_linked_elsewhere(root):
    """The folder of the deleted name is gone too; the other name is in another folder."""
    os.mkdir(root.path("folder"))
    root.open("folder/gone")
    os.link(root.path("folder/gone"), root.path("other"))
    os.unlink(root.path("folder/gone"))
    os.rmdir(root.path("folder"))


@specimen("file-replaced file-deleted-ghost")
def file_replaced(root):
    """The name of a deleted file is taken by another file."""
    root.open("taken")
    os.unlink(root.path("taken"))
    root.file("taken")


@specimen("file-replaced file-plain", restore="expected")
def file_renamed(root):
    """A file that was renamed while open."""
    root.open("old")
    os.rename(root.path("old"), root.path("new"))


@specimen("file-replaced file-deleted-ghost")
def file_renamed_over(root):
    """An open file over which another one was renamed, as editors and log rotation do."""
    root.open("log")
    root.file("log.new")
    os.rename(root.path("log.new"), root.path("log"))


@specimen("file-plain file-deleted-ghost", restore="expected")
def file_named_deleted(root):
    """A file whose own name ends in " (deleted)"."""
    root.open("name (deleted)")


@specimen("file-plain file-deleted-ghost")
def file_named_deleted_beside(root):
    """A file whose own name ends in " (deleted)", beside one with the name without that."""
    root.file("name")
    root.open("name (deleted)")


@specimen("file-deleted-ghost")
def file_named_deleted_deleted(root):
    """A deleted file whose name ended in " (deleted)"."""
    root.open("name (deleted)")
    os.unlink(root.path("name (deleted)"))


@specimen("file-plain", restore="expected")
def file_odd_name(root):
    """A name with a newline, a blank, a backslash and a byte that is no UTF-8."""
    os.open(os.fsencode(root.path("odd")) + b"\n \\ \xff", os.O_RDWR | os.O_CREAT)


@specimen("file-deleted-ghost")
def file_odd_name_deleted(root):
    """A deleted file whose name had a newline and a byte that is no UTF-8."""
    path = os.fsencode(root.path("odd")) + b"\n\xff"
    os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)


@specimen("file-plain")
def file_long_name(root):
    """A path of about 3000 bytes."""
    os.chdir(root.folder)
    for _ in range(14):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    os.open("f" * 100, os.O_RDWR | os.O_CREAT)
    os.chdir("/")


@specimen("file-relative-or-unreachable file-plain", "refused")
def file_very_long_name(root):
    """A path longer than PATH_MAX."""
    os.chdir(root.folder)
    for _ in range(22):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    os.open("f" * 100, os.O_RDWR | os.O_CREAT)
    os.chdir("/")


@specimen("file-deleted-ghost", restore="expected")
def file_deleted_folder(root):
    """A deleted folder is open."""
    os.mkdir(root.path("folder"))
    os.open(root.path("folder"), os.O_RDONLY | os.O_DIRECTORY)
    os.rmdir(root.path("folder"))


@specimen("file-deleted-ghost")
def file_deleted_in_deleted_folder(root):
    """A deleted file of a deleted folder."""
    os.mkdir(root.path("folder"))
    root.open("folder/gone")
    os.unlink(root.path("folder/gone"))
    os.rmdir(root.path("folder"))


@specimen("attr-cwd-root file-deleted-ghost", restore="expected")
def file_deleted_cwd(root):
    """The working folder is deleted."""
    os.mkdir(root.path("folder"))
    os.chdir(root.path("folder"))
    os.rmdir(root.path("folder"))


@specimen("attr-cwd-root file-replaced")
def file_replaced_cwd(root):
    """The working folder is deleted and its name taken by another folder."""
    os.mkdir(root.path("folder"))
    os.chdir(root.path("folder"))
    os.rmdir(root.path("folder"))
    # The freed inode would be given out again at once.
    os.mkdir(root.path("between"))
    os.mkdir(root.path("folder"))


@specimen("fd-opath", restore="expected")
def file_o_path(root):
    """A file, a folder and a symlink open with O_PATH."""
    root.file("file")
    os.symlink("file", root.path("link"))
    root.open("file", os.O_PATH)
    os.open(root.folder, os.O_PATH | os.O_DIRECTORY)
    root.open("link", os.O_PATH | os.O_NOFOLLOW)


@specimen("file-deleted-linked fd-opath", "options")
def file_o_path_deleted_linked(root):
    """An O_PATH descriptor of a deleted name of a file with another one."""
    root.file("gone")
    root.open("gone", os.O_PATH)
    os.link(root.path("gone"), root.path("other"))
    os.unlink(root.path("gone"))


@specimen("fd-opath file-deleted-ghost")
def file_deleted_symlink(root):
    """A deleted symlink is open with O_PATH."""
    os.symlink("nowhere", root.path("link"))
    root.open("link", os.O_PATH | os.O_NOFOLLOW)
    os.unlink(root.path("link"))


@specimen("file-hidden-by-mount", "refused")
def file_hidden(root):
    """A tmpfs was mounted over the folder of an open file."""
    os.mkdir(root.path("folder"))
    root.open("folder/hidden")
    mount("cover", root.path("folder"), "tmpfs")


@specimen("file-overmounted", "refused")
def file_overmounted(root):
    """A file is open on a tmpfs over which another tmpfs was mounted."""
    os.mkdir(root.path("folder"))
    mount("lower", root.path("folder"), "tmpfs")
    root.open("folder/hidden")
    mount("cover", root.path("folder"), "tmpfs")


@specimen("file-mount-unknown", "options")
def file_lazily_unmounted(root):
    """A file is open on a mount that was detached."""
    os.mkdir(root.path("folder"))
    mount("gone", root.path("folder"), "tmpfs")
    root.open("folder/far")
    call("umount2", os.fsencode(root.path("folder")), 2)


@specimen("file-mount-unknown", "options")
def file_of_other_mounts(root):
    """A file is open through a mount namespace in which nobody of the tree lives."""
    root.file("far")

    def elsewhere(end):
        unshare("mnt")
        socket.send_fds(end, [b"."], [root.open("far")])

    mine, other = socket.socketpair()
    root.outside(lambda: elsewhere(other))
    socket.recv_fds(mine, 1, 1)
    mine.close()
    other.close()


@specimen("file-replaced", "refused")
def file_bound_over(root):
    """Another file was bound over an open one."""
    root.open("file")
    root.file("cover")
    mount(root.path("cover"), root.path("file"), None, MS_BIND)


@specimen("file-plain")
def file_through_bind(root):
    """A file is open through a bind mount of its folder."""
    os.mkdir(root.path("folder"))
    os.mkdir(root.path("bound"))
    root.file("folder/file")
    mount(root.path("folder"), root.path("bound"), None, MS_BIND)
    root.open("bound/file")


@specimen("file-plain")
def file_on_tmpfs(root):
    """A file is open on a tmpfs of the host."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    root.open("folder/file")


@specimen("file-deleted-linked", "options")
def file_deleted_linked_tmpfs(root):
    """A deleted name of a linked file on a tmpfs."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    root.open("folder/gone")
    os.link(root.path("folder/gone"), root.path("folder/other"))
    os.unlink(root.path("folder/gone"))


@specimen("file-link-remap-fails file-deleted-linked", "refused")
def file_deleted_linked_read_only(root):
    """A deleted name of a linked file on a tmpfs that is read-only since."""
    os.mkdir(root.path("folder"))
    mount("tmpfs", root.path("folder"), "tmpfs")
    root.file("folder/gone")
    root.open("folder/gone", os.O_RDONLY)
    os.link(root.path("folder/gone"), root.path("folder/other"))
    os.unlink(root.path("folder/gone"))
    mount(None, root.path("folder"), None, 32 | MS_RDONLY)


@specimen("file-deleted-ghost")
def file_deleted_o_tmpfile(root):
    """A file that never had a name (O_TMPFILE)."""
    os.open(root.folder, os.O_TMPFILE | os.O_RDWR)


@specimen("file-deleted-linked", "options")
def file_o_tmpfile_linked(root):
    """A file made with O_TMPFILE and linked into a folder afterwards."""
    fd = os.open(root.folder, os.O_TMPFILE | os.O_RDWR)
    call("linkat", -100, f"/proc/self/fd/{fd}".encode(), -100, os.fsencode(root.path("named")), 0x400)


@specimen("file-proc-dead")
def file_proc_dead(root):
    """A file of /proc of a process that is gone."""
    pid = root.task(stays=False)
    os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    os.waitpid(pid, 0)


@specimen("file-plain")
def file_proc_own(root):
    """Its own /proc files, and those of a child."""
    os.open("/proc/self/status", os.O_RDONLY)
    os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
    os.open(f"/proc/{root.task()}/maps", os.O_RDONLY)


@specimen("file-proc-live-outer")
def file_proc_outer(root):
    """A /proc file of a living process outside."""
    os.open(f"/proc/{root.outside()}/status", os.O_RDONLY)


@specimen("fd-fifo", restore="expected")
def file_fifo(root):
    """A named fifo, open for both, with data in it."""
    os.mkfifo(root.path("fifo"))
    os.write(root.open("fifo", os.O_RDWR), b"data")


@specimen("fd-fifo file-deleted-ghost")
def file_fifo_deleted(root):
    """A deleted fifo."""
    os.mkfifo(root.path("fifo"))
    root.open("fifo", os.O_RDWR)
    os.unlink(root.path("fifo"))


@specimen("file-device-evasive file-deleted-ghost")
def file_device_replaced(root):
    """A node of /dev/null that was deleted and made anew while open."""
    path = root.path("null")
    os.mknod(path, 0o20666, os.makedev(1, 3))
    root.open("null", os.O_RDWR)
    os.rename(path, path + ".old")
    os.mknod(path, 0o20666, os.makedev(1, 3))
    os.unlink(path + ".old")


@specimen("file-device-evasive", "options")
def file_device_bound_over(root):
    """The name of an open node of /dev/null now leads to another node of it, bound over the first."""
    for name in ("null", "cover"):
        os.mknod(root.path(name), 0o20666, os.makedev(1, 3))
    root.open("null", os.O_RDWR)
    mount(root.path("cover"), root.path("null"), None, MS_BIND)


@specimen("file-device-evasive file-replaced", "refused")
def file_device_other_bound_over(root):
    """The name of an open node of /dev/null now leads to one of /dev/zero."""
    os.mknod(root.path("null"), 0o20666, os.makedev(1, 3))
    os.mknod(root.path("cover"), 0o20666, os.makedev(1, 5))
    root.open("null", os.O_RDWR)
    mount(root.path("cover"), root.path("null"), None, MS_BIND)


@specimen("file-device-evasive file-deleted-ghost")
def file_device_deleted(root):
    """A deleted node of /dev/null."""
    os.mknod(root.path("null"), 0o20666, os.makedev(1, 3))
    root.open("null", os.O_RDWR)
    os.unlink(root.path("null"))


@specimen("file-size-changes", restore="refused")
def file_grows(root):
    """A process outside goes on writing to a file that the root has open for reading."""
    root.file("log")
    root.open("log", os.O_RDONLY)

    def grow():
        if root.fork() == 0:
            import time

            fd = root.open("log", os.O_WRONLY | os.O_APPEND)
            while True:
                os.write(fd, b"line\n")
                time.sleep(0.001)

    root.outside(grow)


@specimen("fd-fown")
def file_owner(root):
    """A file with an owner for its signals (F_SETOWN)."""
    import fcntl

    fcntl.fcntl(root.open("file"), fcntl.F_SETOWN, os.getpid())


@specimen("file-deleted-ghost file-plain", "options")
def file_deleted_named_again(root):
    """A file that was deleted and hard-linked again under its old name from another one."""
    root.open("name")
    os.link(root.path("name"), root.path("other"))
    os.unlink(root.path("name"))
    os.link(root.path("other"), root.path("name"))


@specimen("file-plain")
def file_on_overlay(root):
    """A file of an overlay's lower layer, and one of its upper."""
    overlay(root)
    root.open("merged/lower", os.O_RDONLY)
    root.open("merged/upper")


@specimen("file-deleted-overlay", "refused")
def file_overlay_lower_deleted(root):
    """A file of an overlay's lower layer that is open and was deleted in the overlay."""
    overlay(root)
    root.open("merged/lower", os.O_RDONLY)
    os.unlink(root.path("merged/lower"))


@specimen("file-replaced file-deleted-overlay")
def file_overlay_copied_up(root):
    """A file of an overlay's lower layer that is open for reading and was changed in the overlay since."""
    overlay(root)
    root.open("merged/lower", os.O_RDONLY)
    os.write(root.open("merged/lower"), b"changed")
    os.close(4)


def overlay(root):
    """An overlay with one file in its lower layer. Its upper layer is on a tmpfs, since / may be an overlay itself."""
    os.mkdir(root.path("merged"))
    os.mkdir(root.path("layers"))
    mount("layers", root.path("layers"), "tmpfs")
    for name in ("lower", "upper", "work"):
        os.mkdir(root.path(f"layers/{name}"))
    root.file("layers/lower/lower")
    layers = ",".join(f"{name}dir={root.path('layers/' + name)}" for name in ("lower", "upper", "work"))
    mount("overlay", root.path("merged"), "overlay", 0, layers)
