"""Types the commands of an example into a shell on a terminal, as a reader would: session.py <STEPS

STEPS is JSON: {"steps": [{"command": …, "pattern": …}], "limit": SECONDS, "columns": …}. After a command that ends with " &" it
waits until what has been printed is all of `pattern`, and until nobody is at work any more. Prints [{"output": …, "code": …}] as JSON. It is run as the first process of
a PID and a network namespace, so that all that is left of an example ends with it.
"""
import fcntl
import glob
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import sys
import termios
import time
import tty

MARK = "\x1e"


def loopback():
    """Brings up `lo` of the new network namespace."""
    up, get, put = 1, 0x8913, 0x8914  # IFF_UP, SIOCGIFFLAGS, SIOCSIFFLAGS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(one, get, request))[1]
        fcntl.ioctl(one, put, struct.pack("16sH14x", b"lo", flags | up))


def shell(columns):
    """A bash that reads commands from a pipe; returns the pipe and the terminal."""
    master, slave = pty.openpty()
    tty.setraw(slave, termios.TCSANOW)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    commands, typing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(slave, 1)
        os.dup2(slave, 2)
        script = os.dup2(commands, 63)  # high, so that no command uses the number itself
        os.closerange(3, 63)
        os.closerange(64, 4096)
        os.execv("/bin/bash", ["bash", "--norc", "--noprofile", "/dev/fd/%d" % script])
    os.close(commands)
    os.close(slave)
    return typing, master


def main():
    request = json.load(sys.stdin)
    end = time.monotonic() + request["limit"]
    # As the first process of its namespace it gets no signal that it does not want, and reaps all orphans.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    loopback()
    typing, master = shell(request["columns"])
    os.write(typing, b"exec 63<&-\n")  # bash has taken it for its own, and programs shall not have it
    seen, results = "", []

    def read(enough):
        nonlocal seen
        while not enough():
            left = end - time.monotonic()
            if left <= 0 or not select.select([master], [], [], left)[0]:
                return False
            try:
                some = os.read(master, 65536)
            except OSError:
                return False
            if not some:
                return False
            seen += some.decode("utf-8", "replace")
        return True

    def states():
        """Name and state of every process but this one, and of every thread."""
        found = []
        for path in glob.glob("/proc/[0-9]*/task/*/stat"):
            try:
                with open(path) as file:
                    name, _, rest = file.read().rpartition(")")
            except OSError:
                continue
            if not path.startswith("/proc/1/"):
                found.append((path, name, rest.split()[0]))
        return sorted(found)

    def settled():
        """Waits until nobody but waiters is there, in five looks one after the other: what was started is what it will be."""
        before, same = None, 0
        while same < 5 and time.monotonic() < end:
            time.sleep(0.05)
            now = states()
            same = same + 1 if now == before and all(state in "ST" for _, _, state in now) else 0
            before = now

    for step in request["steps"]:
        # The mark comes on a line of its own; the code stays what it was for the next command.
        ending = "__code=$?; printf '\\n\\036%d\\036' $__code; (exit $__code)\n"
        os.write(typing, ("%s\n%s" % (step["command"], ending)).encode())
        if not read(lambda: seen.count(MARK) >= 2):
            results.append({"output": seen, "code": None})
            break
        output, code, seen = seen.split(MARK, 2)
        if step["command"].endswith(" &"):
            pattern = re.compile(step["pattern"], re.S)
            whole = output[:-1]
            if not read(lambda: pattern.fullmatch(whole + seen)):
                results.append({"output": whole + seen, "code": None})
                break
            settled()
            output, seen = whole + seen + "\n", ""
        results.append({"output": output[:-1], "code": int(code)})
    print(json.dumps(results))


main()
