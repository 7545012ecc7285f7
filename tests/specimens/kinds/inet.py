"""Sockets of IPv4 and IPv6."""

import ctypes
import os
import socket
import struct
import time

from kit import specimen, unshare

UDP_CORK, TCP_ULP = 1, 31
SO_ATTACH_FILTER, SO_ATTACH_BPF = 26, 50
IPPROTO_MPTCP, IPPROTO_UDPLITE = 262, 136


def listener(family=socket.AF_INET, host="127.0.0.1", protocol=0):
    server = socket.socket(family, socket.SOCK_STREAM, protocol)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, 0))
    server.listen(5)
    return server


def connection(family=socket.AF_INET, host="127.0.0.1"):
    """Client, server end, listener."""
    server = listener(family, host)
    client = socket.create_connection(server.getsockname()[:2])
    return client, server.accept()[0], server


@specimen("tcp-listen inet-netns-none", restore="expected")
def tcp_listen(root):
    """A listening socket."""
    root.keep(listener())


@specimen("tcp-listen", restore="expected")
def tcp_listen6(root):
    """Listening sockets of IPv6, one for both families."""
    root.keep(listener(socket.AF_INET6, "::1"))
    root.keep(listener(socket.AF_INET6, "::"))


@specimen("tcp-listen")
def tcp_listen_reuseport(root):
    """Two sockets listen on one port."""
    first = socket.socket()
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    first.bind(("127.0.0.1", 0))
    second = socket.socket()
    second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    second.bind(first.getsockname())
    for one in (first, second):
        one.listen()
    root.keep((first, second))


@specimen("tcp-close-state", restore="expected")
def tcp_new(root):
    """A TCP socket that was only made."""
    root.keep(socket.socket())
    root.keep(socket.socket(socket.AF_INET6))


@specimen("tcp-close-state")
def tcp_bound(root):
    """A TCP socket that is bound and not listening."""
    one = root.keep(socket.socket())
    one.bind(("127.0.0.1", 0))


@specimen("tcp-close-state")
def tcp_refused(root):
    """A TCP socket whose connection was refused."""
    one = root.keep(socket.socket())
    with listener() as server:
        address = server.getsockname()
    one.connect_ex(address)


@specimen("tcp-connected tcp-lock-host-netns", "options")
def tcp_connected_inside(root):
    """Both ends of a connection."""
    root.keep(connection())


@specimen("tcp-connected tcp-lock-host-netns", "options")
def tcp_connected_inside6(root):
    """Both ends of a connection of IPv6."""
    root.keep(connection(socket.AF_INET6, "::1"))


@specimen("tcp-connected", "options")
def tcp_connected_mapped(root):
    """A connection of IPv4 that came in through a socket of IPv6."""
    server = listener(socket.AF_INET6, "::")
    client = socket.create_connection(("127.0.0.1", server.getsockname()[1]))
    root.keep((client, server.accept()[0], server))


@specimen("tcp-connected", "options")
def tcp_client_of_outside(root):
    """The client of a server outside."""
    client, end, server = connection()
    root.outside(close=[client.fileno()])
    end.close()
    server.close()
    root.keep(client)


@specimen("tcp-connected", "options")
def tcp_server_of_outside(root):
    """A server whose client is outside, with data that nobody has read."""
    client, end, server = connection()
    client.send(b"unread")
    root.outside(close=[end.fileno(), server.fileno()])
    client.close()
    root.keep((end, server))


@specimen("tcp-connected tcp-half-closed", "options")
def tcp_half_closed_by_us(root):
    """This end is shut down for writing (FIN_WAIT2)."""
    client, end, server = connection()
    client.shutdown(socket.SHUT_WR)
    root.keep((client, end, server))


@specimen("tcp-connected tcp-half-closed", "options")
def tcp_close_wait(root):
    """The peer has closed (CLOSE_WAIT)."""
    client, end, server = connection()
    end.close()
    root.keep((client, server))


@specimen("tcp-close-state tcp-connected")
def tcp_reset(root):
    """The peer has reset the connection."""
    client, end, server = connection()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()
    root.keep((client, server))


@specimen("tcp-time-wait tcp-connected")
def tcp_time_wait(root):
    """The listener of a connection that was closed on both ends."""
    client, end, server = connection()
    client.close()
    time.sleep(0.01)
    end.close()
    root.keep(server)


@specimen("tcp-connected", "host")
def tcp_syn_sent(root):
    """A connection that gets no answer (SYN_SENT): the packets are dropped by a blackhole route of the sandbox."""
    one = root.keep(socket.socket())
    one.setblocking(False)
    # A listener whose queue is full drops what comes.
    server = root.keep(socket.socket())
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(server.getsockname())
        root.keep(filler)
    one.connect_ex(server.getsockname())


@specimen("tcp-listen-in-flight tcp-connected", "options")
def tcp_in_flight(root):
    """A listener, shared with a process outside that is also the client of a connection nobody has accepted."""
    server = root.keep(listener())
    root.outside(lambda: root.keep(socket.create_connection(server.getsockname())))


@specimen("tcp-listen-in-flight", "options")
def tcp_in_flight_only(root):
    """A listener with a connection, of a client outside, that it has not accepted."""
    server = root.keep(listener())
    address = server.getsockname()

    def client():
        server.close()
        root.keep(socket.create_connection(address))

    root.outside(client)


@specimen("inet-protocol-unsupported", "refused")
def tcp_mptcp(root):
    """A listening socket of MPTCP."""
    root.keep(listener(protocol=IPPROTO_MPTCP))


@specimen("inet-protocol-unsupported", "refused")
def tcp_mptcp_new(root):
    """A socket of MPTCP that was only made."""
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))


@specimen("inet-protocol-unsupported tcp-connected", "options")
def tcp_from_mptcp(root):
    """A plain TCP client of an MPTCP server that is outside."""
    server = listener(protocol=IPPROTO_MPTCP)
    client = socket.create_connection(server.getsockname())
    end = server.accept()[0]
    root.outside(close=[client.fileno()])
    server.close()
    end.close()
    root.keep(client)


@specimen("sock-opts", restore="expected")
def tcp_options(root):
    """A listener with buffers, timeouts, keep-alive and a mark of its own."""
    server = root.keep(listener())
    for option, value in ((socket.SO_RCVBUF, 40000), (socket.SO_SNDBUF, 50000), (socket.SO_KEEPALIVE, 1), (socket.SO_MARK, 7), (socket.SO_PRIORITY, 3)):
        server.setsockopt(socket.SOL_SOCKET, option, value)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))


@specimen("udp-plain", restore="expected")
def udp_bound(root):
    """UDP sockets: bound, connected, neither."""
    bound = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    bound.bind(("127.0.0.1", 0))
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).connect(bound.getsockname())
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    root.keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)).bind(("::1", 0))


@specimen("udp-plain lost-udp-queues", restore="lost")
def udp_queued(root):
    """A datagram waits to be read."""
    bound = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    bound.bind(("127.0.0.1", 0))
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).sendto(b"waits", bound.getsockname())


@specimen("udp-corked", "refused")
def udp_corked(root):
    """A corked UDP socket with half a datagram."""
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    one.bind(("127.0.0.1", 0))
    one.connect(one.getsockname())
    one.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 1)
    one.send(b"half")


@specimen("udp-corked", "refused")
def udp_corked_empty(root):
    """A corked UDP socket that has sent nothing."""
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    one.bind(("127.0.0.1", 0))
    one.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 1)


@specimen("udp-corked")
def udp_uncorked(root):
    """A UDP socket that was corked once."""
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    one.bind(("127.0.0.1", 0))
    one.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 1)
    one.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 0)


@specimen("udp-plain")
def udp_lite(root):
    """A UDP-Lite socket."""
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_UDPLITE)).bind(("127.0.0.1", 0))


@specimen("udp-plain")
def udp_multicast(root):
    """A UDP socket that joined a group."""
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    one.bind(("224.0.0.251", 0))
    one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1"))


@specimen("udp-plain")
def udp_shut_down(root):
    """A connected UDP socket that is shut down for writing."""
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    one.bind(("127.0.0.1", 0))
    one.connect(one.getsockname())
    one.shutdown(socket.SHUT_WR)


@specimen("raw-inet")
def raw_socket(root):
    """Raw sockets of ICMP and of an unassigned protocol."""
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)).bind(("127.0.0.1", 0))


@specimen("raw-inet")
def raw_socket6(root):
    """A raw socket of ICMPv6."""
    root.keep(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6))


@specimen("icmp-ping")
def icmp_ping(root):
    """A ping socket, bound and connected."""
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as file:
        file.write("0 0")
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
    one.connect(("127.0.0.1", 0))


@specimen("icmp-ping")
def icmp_ping_new(root):
    """A ping socket that was only made."""
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as file:
        file.write("0 0")
    root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))


@specimen("inet6-linklocal-unscoped")
def udp_link_local(root):
    """A UDP socket bound to a link-scope group of IPv6."""
    one = root.keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    one.bind(("ff02::fb", 5353, 0, 1))


@specimen("sock-ebpf-filter sock-opts", restore="expected")
def sock_classic_filter(root):
    """A UDP socket with a classic filter."""
    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    program = struct.pack("HBBI", 6, 0, 0, 0xFFFF)
    buffer = ctypes.create_string_buffer(program)
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HxxxxxxQ", 1, ctypes.addressof(buffer)))


@specimen("sock-ebpf-filter", "refused")
def sock_ebpf_filter(root):
    """A UDP socket with an eBPF filter, whose program is open nowhere else."""
    from kinds.bpf import load_socket_filter

    one = root.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    program = load_socket_filter()
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_BPF, program)
    os.close(program)


@specimen("tcp-ulp", "host", needs="kernel TLS")
def tcp_tls(root):
    """A connection with the TLS protocol on top, no keys yet."""
    client, end, server = connection()
    client.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
    root.keep((client, end, server))


@specimen("sock-foreign-netns", "refused")
def sock_of_other_net(root):
    """A listening socket of a network namespace in which nobody of the tree lives."""
    from_other_net(root, lambda: listener_up())


@specimen("sock-foreign-netns")
def sock_of_other_net_new(root):
    """A TCP socket of another network namespace that was only made."""
    from_other_net(root, socket.socket)


@specimen("sock-foreign-netns", "refused")
def sock_unix_of_other_net(root):
    """A unix socket pair of another network namespace."""
    from_other_net(root, lambda: socket.socketpair()[0])


def listener_up():
    """A listener in a namespace whose loopback is down."""
    one = socket.socket()
    one.bind(("0.0.0.0", 0))
    one.listen()
    return one


def from_other_net(root, make):
    """The root gets the socket that a process outside makes in its own network namespace."""
    mine, other = socket.socketpair()

    def elsewhere():
        mine.close()
        unshare("net")
        made = root.keep(make())
        socket.send_fds(other, [b"."], [made.fileno()])
        other.close()

    root.outside(elsewhere)
    other.close()
    socket.recv_fds(mine, 1, 1)
    mine.close()
