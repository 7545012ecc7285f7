"""Unix sockets."""

import os
import socket

from kit import rest, specimen

STREAM, DGRAM, SEQPACKET = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


def bound(root, name, kind=STREAM):
    one = socket.socket(socket.AF_UNIX, kind)
    one.bind(name if name.startswith("\0") else root.path(name))
    if kind != DGRAM:
        one.listen()
    return one


def connected(address, kind=STREAM):
    one = socket.socket(socket.AF_UNIX, kind)
    one.connect(address)
    return one


@specimen("unix-inside", restore="expected")
def unix_pairs(root):
    """Pairs of all three types, both ends inside, with data in them."""
    for kind in (STREAM, DGRAM, SEQPACKET):
        one, other = root.keep(socket.socketpair(socket.AF_UNIX, kind))
        one.send(b"waits")


@specimen("unix-inside")
def unix_pair_with_child(root):
    """A pair, one end of which only a child has."""
    one, other = socket.socketpair()
    root.task(lambda: one.close())
    other.close()
    root.keep(one)


@specimen("unix-inside unix-bound-path", restore="expected")
def unix_listen(root):
    """A listening socket with a path."""
    root.keep(bound(root, "socket"))


@specimen("unix-inside")
def unix_listen_abstract(root):
    """A listening socket with an abstract name."""
    root.keep(bound(root, "\0cready-specimen"))


@specimen("unix-inside", restore="expected")
def unix_connected(root):
    """Client, server end and listener are inside."""
    server = root.keep(bound(root, "socket"))
    client = root.keep(connected(server.getsockname()))
    root.keep(server.accept()[0])
    client.send(b"waits")


@specimen("unix-bound-path")
def unix_listen_deleted(root):
    """The path of a listening socket is deleted."""
    root.keep(bound(root, "socket"))
    os.unlink(root.path("socket"))


@specimen("unix-bound-path")
def unix_listen_replaced(root):
    """The path of a listening socket is taken by another socket's, which a process outside has."""
    root.keep(bound(root, "socket"))
    os.unlink(root.path("socket"))
    root.outside(lambda: root.keep(bound(root, "socket")))


@specimen("unix-relative-path")
def unix_relative(root):
    """Bound to a relative path."""
    os.chdir(root.folder)
    one = root.keep(socket.socket(socket.AF_UNIX))
    one.bind("socket")
    one.listen()
    os.chdir("/")


@specimen("unix-ext-stream", "options")
def unix_stream_outside(root):
    """A stream connection to a server outside that has a path."""
    to_outside(root, "socket", STREAM)


@specimen("unix-ext-stream", "options")
def unix_stream_outside_abstract(root):
    """A stream connection to a server outside that has an abstract name, as D-Bus and X11 do."""
    to_outside(root, "\0cready-specimen", STREAM)


@specimen("unix-ext-stream", "options")
def unix_seqpacket_outside(root):
    """A connection of sequenced packets to a server outside."""
    to_outside(root, "socket", SEQPACKET)


@specimen("unix-ext-dgram-named", "options")
def unix_dgram_outside(root):
    """A datagram socket connected to one outside that has a path, as /dev/log."""
    to_outside(root, "socket", DGRAM)


@specimen("unix-ext-dgram-named", "options")
def unix_dgram_outside_abstract(root):
    """A datagram socket connected to one outside that has an abstract name."""
    to_outside(root, "\0cready-specimen", DGRAM)


@specimen("unix-ext-dgram-named", "options")
def unix_dgram_outside_bound(root):
    """A datagram socket with a path, connected to one outside with another path."""
    server = []
    root.outside(lambda: server.append(bound(root, "server", DGRAM)))
    one = root.keep(socket.socket(socket.AF_UNIX, DGRAM))
    one.bind(root.path("client"))
    one.connect(root.path("server"))


def to_outside(root, name, kind, accepted=True):
    """The root gets a socket that is connected to one outside."""

    def serve():
        server = root.keep(bound(root, name, kind))
        if kind != DGRAM and accepted and root.fork() == 0:
            root.keep(server.accept())[0].send(b"a")
            rest()

    root.outside(serve)
    client = root.keep(connected(name if name.startswith("\0") else root.path(name), kind))
    if kind != DGRAM and accepted:
        client.recv(1)


@specimen("unix-ext-stream", "options")
def unix_stream_outside_accepted(root):
    """The server of a client outside, accepted."""
    server = root.keep(bound(root, "socket"))

    def client():
        server.close()
        root.keep(connected(root.path("socket")))

    root.outside(client)
    root.keep(server.accept()[0])


@specimen("unix-ext-stream", "options")
def unix_pair_outside(root):
    """One end of a stream pair; the other end is outside."""
    one, other = socket.socketpair()
    root.outside(close=[one.fileno()])
    other.close()
    root.keep(one)


@specimen("unix-ext-dgram-unnamed", "options")
def unix_dgram_pair_outside(root):
    """One end of a datagram pair; the other end is outside."""
    one, other = socket.socketpair(socket.AF_UNIX, DGRAM)
    root.outside(close=[one.fileno()])
    other.close()
    root.keep(one)


@specimen("unix-ext-stream", "options")
def unix_stdio_outside(root):
    """Standard output is one end of a stream pair whose other end is outside, as under systemd."""
    one, other = socket.socketpair()
    root.outside(close=[one.fileno()])
    other.close()
    os.dup2(one.fileno(), 1)
    os.dup2(one.fileno(), 2)
    one.close()


@specimen("unix-inside unix-ext-stream")
def unix_pair_shared(root):
    """Both ends of a pair are inside; a process outside has both as well."""
    root.keep(socket.socketpair())
    root.outside()


@specimen("unix-dangling unix-ext-stream")
def unix_peer_closed(root):
    """One end of a stream pair whose other end is closed."""
    one, other = socket.socketpair()
    other.close()
    root.keep(one)


@specimen("unix-dangling")
def unix_peer_closed_data(root):
    """The same with data left to be read."""
    one, other = socket.socketpair()
    other.send(b"last words")
    other.close()
    root.keep(one)


@specimen("unix-dangling")
def unix_peer_closed_seqpacket(root):
    """One end of a pair of sequenced packets whose other end is closed."""
    one, other = socket.socketpair(socket.AF_UNIX, SEQPACKET)
    other.close()
    root.keep(one)


@specimen("unix-dangling")
def unix_peer_closed_dgram(root):
    """One end of a datagram pair whose other end is closed."""
    one, other = socket.socketpair(socket.AF_UNIX, DGRAM)
    other.close()
    root.keep(one)


@specimen("unix-inside")
def unix_shut_down(root):
    """A pair of which one end is shut down for writing."""
    one, other = root.keep(socket.socketpair())
    one.shutdown(socket.SHUT_WR)


@specimen("unix-inside")
def unix_new(root):
    """Sockets that were only made, of each type."""
    for kind in (STREAM, DGRAM, SEQPACKET):
        root.keep(socket.socket(socket.AF_UNIX, kind))


@specimen("unix-inside")
def unix_bound_only(root):
    """A stream socket that is bound, but does not listen."""
    one = root.keep(socket.socket(socket.AF_UNIX))
    one.bind(root.path("socket"))


@specimen("unix-inside", restore="expected")
def unix_dgram_bound(root):
    """Datagram sockets: two clients connected to one server, with data queued."""
    server = root.keep(bound(root, "server", DGRAM))
    for _ in range(2):
        root.keep(connected(root.path("server"), DGRAM)).send(b"waits")


@specimen("unix-peer-unreachable", "refused")
def unix_dgram_one_way(root):
    """A datagram socket connected to a nameless one inside that does not point back."""
    one, other = socket.socketpair(socket.AF_UNIX, DGRAM)
    third = bound(root, "third", DGRAM)
    other.connect(root.path("third"))
    root.keep((one, other, third))


@specimen("unix-inflight")
def unix_inflight(root):
    """A connection inside that its listener has not accepted."""
    server = root.keep(bound(root, "socket"))
    root.keep(connected(server.getsockname()))


@specimen("unix-inflight-data", "refused")
def unix_inflight_data(root):
    """A connection inside that is not accepted yet and has sent data already."""
    server = root.keep(bound(root, "socket"))
    root.keep(connected(server.getsockname())).send(b"early")


@specimen("unix-inflight-closed", "refused")
def unix_inflight_closed(root):
    """A connection that was closed before it was accepted."""
    server = root.keep(bound(root, "socket"))
    connected(server.getsockname()).close()


@specimen("unix-inflight unix-ext-stream")
def unix_inflight_outside(root):
    """A connection of a client outside that is not accepted yet."""
    server = root.keep(bound(root, "socket"))

    def client():
        server.close()
        root.keep(connected(root.path("socket")))

    root.outside(client)


@specimen("unix-inflight unix-ext-stream", restore="refused")
def unix_inflight_to_outside(root):
    """A client of a listener outside that has not accepted it."""
    to_outside(root, "socket", STREAM, accepted=False)


@specimen("unix-queue-rights", restore="expected")
def unix_passed(root):
    """A file, a pipe and a socket travel in the queue of a pair."""
    one, other = root.keep(socket.socketpair())
    socket.send_fds(one, [b"x"], [root.open("file"), *os.pipe(), root.keep(socket.socket()).fileno()])


@specimen("unix-queue-rights")
def unix_passed_only(root):
    """A file travels in the queue of a pair and is open nowhere else."""
    one, other = root.keep(socket.socketpair())
    fd = root.open("file")
    socket.send_fds(one, [b"x"], [fd])
    os.close(fd)


@specimen("unix-queue-rights unix-inside")
def unix_passed_pair(root):
    """One end of a second pair travels in the queue of the first."""
    one, other = root.keep(socket.socketpair())
    inner, outer = socket.socketpair()
    socket.send_fds(one, [b"x"], [inner.fileno()])
    inner.close()
    root.keep(outer)


@specimen("unix-queue-rights")
def unix_passed_itself(root):
    """An end of a pair travels in its own queue."""
    one, other = root.keep(socket.socketpair())
    socket.send_fds(one, [b"x"], [other.fileno()])


@specimen("unix-queue-rights fd-io-uring", "refused")
def unix_passed_bad(root):
    """An eBPF program travels in the queue of a pair."""
    from kinds.bpf import load_socket_filter

    one, other = root.keep(socket.socketpair())
    fd = load_socket_filter()
    socket.send_fds(one, [b"x"], [fd])
    os.close(fd)


@specimen("unix-queue-rights fd-eventpoll")
def unix_passed_epoll(root):
    """An epoll that watches something travels in the queue of a pair."""
    import select

    one, other = root.keep(socket.socketpair())
    watch = root.keep(select.epoll())
    watch.register(os.pipe()[0], select.EPOLLIN)
    socket.send_fds(one, [b"x"], [watch.fileno()])
    os.close(watch.fileno())


@specimen("unix-queue-creds", "refused")
def unix_credentials_queued(root):
    """Data waits in a socket that asks for credentials."""
    one, other = root.keep(socket.socketpair())
    for end in (one, other):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    one.send(b"waits")


@specimen("unix-queue-creds", "refused")
def unix_credentials_asked_later(root):
    """Data was sent before the receiver asked for credentials."""
    one, other = root.keep(socket.socketpair())
    one.send(b"waits")
    other.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


@specimen("unix-queue-creds")
def unix_credentials_idle(root):
    """A socket that asks for credentials, with nothing queued."""
    one, other = root.keep(socket.socketpair())
    other.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


@specimen("fd-opath-socket", "refused")
def unix_o_path(root):
    """The file of a unix socket is open with O_PATH."""
    server = root.keep(bound(root, "socket"))
    root.open("socket", os.O_PATH)


@specimen("unix-inside")
def unix_odd_name(root):
    """An abstract name with a newline, a NUL and a byte that is no UTF-8."""
    one = root.keep(socket.socket(socket.AF_UNIX))
    one.bind(b"\0odd\n\0\xff name")
    one.listen()
