"""Types into a shell on a terminal of its own, and prints what came of it: typist.py SECONDS SHELL WORDS… < KEYS

KEYS are lines, each of which makes the shell print a line RAN …; the next one is typed when it has, and what the shell
has written goes to stdout in the end.
"""

import os
import pty
import re
import select
import signal
import sys
import time

RAN = re.compile(rb"^RAN.*\n", re.MULTILINE)

seconds, *argv = sys.argv[1:]
lines = sys.stdin.buffer.read().split(b"\n")
end = time.monotonic() + float(seconds)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)

seen = b""


def until(count):
    """Reads until so many lines have run, or the shell has ended."""
    global seen
    while len(RAN.findall(seen)) < count:
        left = end - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            os.kill(pid, signal.SIGKILL)
            sys.exit(f"{count} lines have not run in {seconds} s; seen: {seen!r}")
        try:
            part = os.read(terminal, 65536)
        except OSError:
            return
        if not part:
            return
        seen += part


for number, line in enumerate(lines):
    until(number)
    # Keys as they are typed; ^M is the return key.
    os.write(terminal, line + b"\r")
until(len(lines))
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
