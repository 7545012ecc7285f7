"""Runs a program whose stdout is a small non-blocking pipe: slow_reader.py PROGRAM [WORD]...

Reads a little only when nothing more comes, because the program waits for room. Passes on what it read, and ends with the program's exit code.
"""
import fcntl
import os
import select
import struct
import sys
import termios

reading, writing = os.pipe()
fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
os.set_blocking(writing, False)
child = os.fork()
if child == 0:
    os.dup2(writing, 1)
    os.closerange(3, 4096)
    os.execv(sys.argv[1], sys.argv[1:])
os.close(writing)


def filled():
    return struct.unpack("i", fcntl.ioctl(reading, termios.FIONREAD, b"\0" * 4))[0]


def ended(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


while True:
    before = -1
    while not ended(child) and (filled() == 0 or filled() != before):
        before = filled()
        select.select([], [], [], 0.002)
    part = os.read(reading, 1000)
    if not part:
        break
    sys.stdout.buffer.write(part)
_, status = os.waitpid(child, 0)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
