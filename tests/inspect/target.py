#!/usr/bin/python3
"""
Makes a process to inspect, and waits.

    python3 tests/inspect/target.py NAME     prints the pid, and ends with all that it made when standard input ends
"""

import collections
import contextlib
import ctypes
import itertools
import os
import signal
import struct
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
DEPTH = 1000
# Ends that are open at a time: each inspection comes upon all but the youngest.
OPEN = 300


def quiet():
    """Nothing open but /dev/null, no terminal, a session of its own."""
    os.setsid()
    os.chdir("/")
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.closerange(3, 64)


def sleeper():
    time.sleep(1000)


def thread(ready):
    threading.Thread(target=sleeper, daemon=True).start()
    while len(os.listdir("/proc/self/task")) < 2:
        time.sleep(0.001)
    ready()
    sleeper()


def zombie(ready):
    ready()
    os._exit(0)


def storm(ready):
    """Children that come and go all the time, and one that grows a thread after the other."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ready()
    while True:
        if os.fork() == 0:
            if os.fork() == 0:
                time.sleep(0.002)
            os._exit(0)


def execs(ready):
    """Executes itself anew, again and again."""
    ready()
    os.execv(sys.executable, [sys.executable, "-S", "-E", "-c", EXECS])


EXECS = "import os,sys; os.execv(sys.executable, [sys.executable, '-S', '-E', '-c', os.environ['AGAIN']])"
os.environ["AGAIN"] = EXECS


def deep(ready):
    """A child of a child, and so on: shells, which are small."""
    os.dup2(60, 9)
    os.close(60)
    os.set_inheritable(9, True)
    script = 'if [ "$1" -le 0 ]; then printf ready >&9; exec 9>&- sleep 1000; fi; sh -c "$2" x $(($1 - 1)) "$2" & exec 9>&-; wait'
    os.execv("/bin/sh", ["sh", "-c", script, "x", str(DEPTH), script])


def hostile(ready):
    """A name and a file that a terminal would obey."""
    libc.prctl(PR_SET_NAME, b"\x1b[31m\n\xff red", 0, 0, 0)
    path = b"/tmp/cready-\x1b[2J\n\xff-" + str(os.getpid()).encode()
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.link(path, path + b"+")
    os.unlink(path)
    LEFT.append(path + b"+")
    ready()
    sleeper()
    os.close(fd)


LEFT = []


def prompt():
    """Has the processor whenever it wants it, where that is permitted: what is measured is not to be the machine's load."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


class Slowest:
    """Says a line each hundredth of a second: when (milliseconds since 1970), and the longest time since (microseconds)."""

    def __init__(self):
        self.end, self.seconds = time.monotonic() + 0.01, 0.0

    def took(self, seconds):
        self.seconds = max(self.seconds, seconds)
        if time.monotonic() >= self.end:
            os.write(9, b"%d %d\n" % (time.time() * 1e3, self.seconds * 1e6))
            self.end, self.seconds = time.monotonic() + 0.01, 0.0


def mapper(ready):
    """Has so much memory that reading its smaps would stall it, and says how long its mmap takes."""
    import mmap

    keep = mmap.mmap(-1, 400 << 20)
    for at in range(0, len(keep), 4096):
        keep[at] = 1
    prompt()
    ready()
    slowest = Slowest()
    while True:
        start = time.monotonic()
        mmap.mmap(-1, 4096).close()
        slowest.took(time.monotonic() - start)
        time.sleep(0.0005)


def closer(ready):
    """Closes its ends of pipes and sockets; a peer that is not its child says how long it takes to hear of it."""
    import mmap
    import socket

    closed = mmap.mmap(-1, 4096)
    control, peer = socket.socketpair()
    if os.fork() == 0:
        if os.fork() == 0:
            control.close()
            hear(peer, closed)
        os._exit(0)
    os.wait()
    peer.close()
    os.close(9)
    listener = socket.create_server(("127.0.0.1", 0))

    def connection():
        client = socket.create_connection(listener.getsockname())
        return client.detach(), listener.accept()[0].detach()

    kinds = itertools.cycle((os.pipe, lambda: [one.detach() for one in socket.socketpair()], connection))
    own = collections.deque()

    def another(word):
        hears, says = next(kinds)()
        socket.send_fds(control, [word], [hears])
        os.close(hears)
        own.append(says)
        control.recv(1)

    for _ in range(OPEN):
        another(b"keep")
    prompt()
    ready()
    while True:
        another(b"wait")
        closed[:8] = struct.pack("d", time.monotonic())
        os.close(own.popleft())
        control.recv(1)
        time.sleep(0.0005)


def hear(control, closed):
    """The other ends of `closer`."""
    import socket

    ends = collections.deque()
    prompt()
    slowest = Slowest()
    while True:
        word, fds, _, _ = socket.recv_fds(control, 4, 1)
        if not word:
            os._exit(0)
        ends.extend(fds)
        control.send(b"x")
        if word == b"wait":
            first = ends.popleft()
            os.read(first, 1)
            slowest.took(time.monotonic() - struct.unpack("d", closed[:8])[0])
            os.close(first)
            control.send(b"x")


def stopped(ready):
    """A child in a process group of its own, stopped by SIGTTIN, of which its parent has been told."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.kill(os.getpid(), signal.SIGTTIN)
        sleeper()
    os.waitpid(child, os.WUNTRACED)
    ready()
    sleeper()


def plain(ready):
    ready()
    sleeper()


MAKE = {f.__name__: f for f in (plain, thread, zombie, storm, execs, deep, hostile, mapper, closer, stopped)}


def descendants():
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    words = file.read().rpartition(b")")[2].split()
                parents.setdefault(int(words[1]), []).append(int(name))
    found, queue = [], [os.getpid()]
    while queue:
        for pid in parents.get(queue.pop(), []):
            found.append(pid)
            queue.append(pid)
    return found


def end_all():
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while pids := descendants():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # What they leave behind becomes a child of this subreaper.
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)


def main():
    make = MAKE[sys.argv[1]]
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hears, says = os.pipe()
    out = os.dup(2)
    root = os.fork()
    if root == 0:
        os.dup2(says, 60)
        os.dup2(out, 61)
        null = os.open("/dev/null", os.O_RDWR)
        os.setsid()
        os.chdir("/")
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.closerange(3, 60)
        os.closerange(62, 65536)
        if make in (mapper, closer):
            os.dup2(61, 9)
        os.close(61)

        def ready():
            os.write(60, b"ready")
            os.close(60)

        make(ready)
        os._exit(0)
    os.close(says)
    try:
        if os.read(hears, 16) != b"ready":
            return 1
        if make is zombie:
            while open(f"/proc/{root}/stat", "rb").read().rpartition(b")")[2].split()[0] != b"Z":
                time.sleep(0.001)
        print(root, flush=True)
        os.read(0, 1)
        return 0
    finally:
        end_all()
        for name in os.listdir(b"/tmp"):
            if name.startswith(b"cready-\x1b") and name.endswith(b"-%d+" % root):
                os.unlink(b"/tmp/" + name)


if __name__ == "__main__":
    sys.exit(main())
