"""Devices."""

import ctypes
import os
import struct

from kit import MAP_PRIVATE, MAP_SHARED, PAGE, PROT_READ, mmap, specimen
from kinds.fd import misc


def node(root, name, number, flags=os.O_RDWR):
    os.mknod(root.path(name), 0o20666, number)
    return root.open(name, flags)


@specimen("dev-mem-class", restore="expected")
def dev_memory(root):
    """/dev/zero, full, random, urandom and kmsg."""
    for name, minor in (("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
        os.open(f"/dev/{name}", os.O_RDONLY)


@specimen("dev-mem-class")
def dev_kmsg(root):
    """/dev/kmsg, for writing and for reading."""
    node(root, "written", os.makedev(1, 11), os.O_WRONLY)
    node(root, "read", os.makedev(1, 11), os.O_RDONLY | os.O_NONBLOCK)


@specimen("dev-fuse-server dev-unsupported-chr", "refused", needs="fuse")
def dev_fuse(root):
    """/dev/fuse, not mounted yet."""
    node(root, "fuse", misc("fuse"))


@specimen("fd-kvm dev-unsupported-chr", "refused", needs="kvm")
def dev_kvm(root):
    """/dev/kvm."""
    node(root, "kvm", misc("kvm"))


@specimen("dev-unsupported-chr", "refused")
def dev_loop_control(root):
    """/dev/loop-control."""
    node(root, "loop-control", misc("loop-control"))


@specimen("netdev-tun-fd", "refused")
def dev_tun(root):
    """/dev/net/tun without an interface, in the network of the host."""
    node(root, "tun", misc("tun"))


@specimen("netdev-tun-fd", "refused")
def dev_tun_attached(root):
    """/dev/net/tun with an interface, in the network of the host."""
    import fcntl

    fcntl.ioctl(node(root, "tun", misc("tun")), 0x400454CA, struct.pack("16sH22x", b"tun7", 0x1001))


@specimen("fd-autofs-dev")
def dev_autofs(root):
    """/dev/autofs."""
    node(root, "autofs", misc("autofs"))


@specimen("dev-unsupported-chr fd-opath", "refused")
def dev_o_path(root):
    """A node of a device that CRIU cannot dump, open with O_PATH."""
    node(root, "loop-control", misc("loop-control"), os.O_PATH)


@specimen("mem-devzero", restore="expected")
def dev_zero_mapped(root):
    """/dev/zero mapped private, written to."""
    ctypes.memset(mmap(2 * PAGE, flags=MAP_PRIVATE, fd=os.open("/dev/zero", os.O_RDWR)), 1, 1)


@specimen("mem-anon", restore="expected")
def dev_zero_shared(root):
    """/dev/zero mapped shared: shared anonymous memory."""
    ctypes.memset(mmap(2 * PAGE, flags=MAP_SHARED, fd=os.open("/dev/zero", os.O_RDWR)), 1, 1)


@specimen("mem-chrdev", "host", needs="devmem")
def dev_mem_mapped(root):
    """The first page of /dev/mem is mapped, the device closed."""
    fd = node(root, "mem", os.makedev(1, 1), os.O_RDONLY)
    mmap(PAGE, PROT_READ, MAP_SHARED, fd)
    os.close(fd)
