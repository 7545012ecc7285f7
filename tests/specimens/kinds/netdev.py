"""Devices of a network namespace that the tree has of its own."""

import fcntl
import os
import socket
import struct

from kit import specimen, unshare
from kinds.namespace import loopback_up

RTM_NEWLINK, NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL = 16, 1, 4, 0x400, 0x200
IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA = 3, 5, 18, 1, 2


def attribute(number, value):
    return struct.pack("HH", 4 + len(value), number) + value + bytes(-len(value) % 4)


def link(name, kind, data=b"", parent=0):
    """`ip link add`."""
    info = attribute(IFLA_INFO_KIND, kind.encode()) + (attribute(IFLA_INFO_DATA, data) if data else b"")
    body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + attribute(IFLA_IFNAME, name.encode() + b"\0")
    if parent:
        body += attribute(IFLA_LINK, struct.pack("I", parent))
    body += attribute(IFLA_LINKINFO, info)
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asked:
        asked.send(struct.pack("IHHII", 16 + len(body), RTM_NEWLINK, flags, 1, 0) + body)
        code = -struct.unpack("i", asked.recv(4096)[16:20])[0]
    if code:
        raise OSError(code, f"ip link add {name} type {kind}: {os.strerror(code)}")


def network():
    unshare("net")
    loopback_up()


@specimen("netdev-known", needs="veth")
def netdev_veth(root):
    """Both ends of a veth pair."""
    network()
    link("left0", "veth")


@specimen("netdev-known", needs="veth")
def netdev_veth_outside(root):
    """One end of a veth pair; the other end is with the host."""
    network()
    link("inside", "veth", attribute(1, struct.pack("BxHiII", 0, 0, 0, 0, 0) + attribute(IFLA_IFNAME, b"outside\0") + attribute(19, struct.pack("I", os.getppid()))))


@specimen("netdev-known", needs="bridge")
def netdev_bridge(root):
    """A bridge."""
    network()
    link("bridge0", "bridge")


@specimen("netdev-unknown", "host", needs="dummy")
def netdev_dummy(root):
    """A dummy device."""
    network()
    link("dummy0", "dummy")


@specimen("netdev-unknown", "options", needs="vxlan")
def netdev_vxlan(root):
    """A VXLAN device."""
    network()
    link("vxlan0", "vxlan", attribute(1, struct.pack("I", 7)))


@specimen("netdev-unknown netdev-known", needs="macvlan veth")
def netdev_macvlan(root):
    """A macvlan on one end of a veth pair."""
    network()
    link("left0", "veth")
    link("mac0", "macvlan", attribute(1, struct.pack("I", 4)), socket.if_nametoindex("left0"))


@specimen("netdev-known netdev-tun-fd", needs="tun")
def netdev_tun(root):
    """A tun device of its own with the descriptor."""
    from kinds.device import node
    from kinds.fd import misc

    network()
    fcntl.ioctl(node(root, "tun", misc("tun")), 0x400454CA, struct.pack("16sH22x", b"tun7", 0x1001))


@specimen("netdev-tun-foreign", "refused", needs="tun")
def netdev_tun_outside(root):
    """A tun device of its own network whose descriptor only a process outside has."""
    from kinds.device import node
    from kinds.fd import misc

    network()
    fd = node(root, "tun", misc("tun"))
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"tun7", 0x1001))
    root.outside()
    os.close(fd)


@specimen("netdev-known", needs="tun")
def netdev_tun_persistent(root):
    """A persistent tap device that nobody has open."""
    from kinds.device import node
    from kinds.fd import misc

    network()
    fd = node(root, "tun", misc("tun"))
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"tap7", 0x1002))
    fcntl.ioctl(fd, 0x400454CB, 1)
    os.close(fd)


@specimen("netdev-tun-filter", needs="tun")
def netdev_tap_filter(root):
    """A tap device with a filter of addresses."""
    from kinds.device import node
    from kinds.fd import misc

    network()
    fd = node(root, "tun", misc("tun"))
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"tap7", 0x1002))
    fcntl.ioctl(fd, 0x400454D1, struct.pack("HH6s", 0, 1, b"\2\0\0\0\0\1"))


@specimen("netdev-firewall", needs="iptables")
def netdev_firewall(root):
    """Rules of iptables."""
    import subprocess

    network()
    subprocess.run(["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "81", "-j", "DROP"], check=True)


@specimen("netdev-firewall", needs="nft")
def netdev_nftables(root):
    """A table of nftables."""
    import subprocess

    network()
    subprocess.run(["nft", "add", "table", "inet", "specimen"], check=True)
