"""Netlink, packet and other families of sockets."""

import ctypes
import os
import socket
import struct

from kit import MAP_SHARED, mmap, specimen

SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_RX_RING = 263, 1, 5
ETH_P_ALL = 3


def netlink(protocol=0, pid=0, groups=0):
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    one.bind((pid, groups))
    return one


@specimen("netlink-plain", restore="expected")
def netlink_idle(root):
    """A routing socket that was bound, and one that was not."""
    root.keep(netlink())
    root.keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))


@specimen("netlink-plain")
def netlink_groups(root):
    """A routing socket that listens to link and address changes."""
    root.keep(netlink(groups=0x11))


@specimen("netlink-data", "refused")
def netlink_data(root):
    """A routing socket with an answer waiting."""
    one = root.keep(netlink())
    one.send(struct.pack("IHHIIBxHiII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0))


@specimen("netlink-data")
def netlink_read(root):
    """A routing socket that has asked and read its answer."""
    one = root.keep(netlink())
    one.send(struct.pack("IHHIIBxHiII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0))
    one.setblocking(False)
    try:
        while True:
            one.recv(1 << 20)
    except BlockingIOError:
        pass


@specimen("netlink-groups", "refused")
def netlink_high_group(root):
    """A routing socket in group 33."""
    root.keep(netlink()).setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 33)


@specimen("netlink-groups-noport", "refused")
def netlink_group_without_port(root):
    """A routing socket that joined a group and was not bound."""
    root.keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)).setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 1)


@specimen("netlink-plain")
def netlink_connected(root):
    """A routing socket connected to the kernel."""
    root.keep(netlink()).connect((0, 0))


@specimen("netlink-plain")
def netlink_uevent(root):
    """A socket for uevents, as udev has."""
    root.keep(netlink(15, groups=1))


@specimen("netlink-plain")
def netlink_other(root):
    """Generic, audit, diag and netfilter sockets."""
    for protocol in (16, 9, 4, 12):
        try:
            root.keep(netlink(protocol))
        except OSError:
            pass


@specimen("packet-plain", restore="expected")
def packet_plain(root):
    """A packet socket for all protocols, and one for none."""
    root.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
    root.keep(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))


@specimen("packet-plain")
def packet_bound(root):
    """A packet socket bound to the loopback, promiscuous."""
    one = root.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
    one.bind(("lo", 0))
    one.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack("iHH8s", 1, 1, 0, b""))


@specimen("packet-membership", "refused")
def packet_memberships(root):
    """A packet socket that is promiscuous twice over."""
    one = root.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
    for _ in range(2):
        one.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack("iHH8s", 1, 1, 0, b""))


@specimen("mem-packet-ring packet-plain")
def packet_ring(root):
    """A packet socket with a receive ring, mapped."""
    one = root.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
    page = os.sysconf("SC_PAGE_SIZE")
    one.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("IIII", page, 2, page, 2))
    mmap(2 * page, flags=MAP_SHARED, fd=one.fileno())


@specimen("mem-packet-ring", "refused")
def packet_ring_closed(root):
    """The ring of a packet socket is mapped, the socket itself is closed."""
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    page = os.sysconf("SC_PAGE_SIZE")
    one.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("IIII", page, 2, page, 2))
    mmap(2 * page, flags=MAP_SHARED, fd=one.fileno())
    one.close()


@specimen("sock-family-unsupported", "refused", needs="AF_VSOCK")
def sock_vsock(root):
    """A socket of virtual machines."""
    root.keep(socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))


@specimen("sock-family-unsupported", "refused", needs="AF_XDP")
def sock_xdp(root):
    """A socket of XDP."""
    root.keep(socket.socket(44, socket.SOCK_RAW))


@specimen("sock-family-unsupported", "refused", needs="AF_ALG")
def sock_alg(root):
    """A socket of the kernel's cryptography."""
    root.keep(socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET))


@specimen("sock-family-unsupported", "refused", needs="AF_KEY")
def sock_key(root):
    """A socket of the key management (PF_KEY)."""
    root.keep(socket.socket(15, socket.SOCK_RAW, 2))
