"""Runs a program on a terminal of its own: terminal.py FD,FD… PROGRAM [WORD]...

These descriptors are the terminal, the others of 1 and 2 are pipes, 0 is /dev/null unless named. Prints
{"code": …, "signal": …, "terminal": …, "stdout": …, "stderr": …} as JSON: what arrived where, without any
translation of line ends.
"""
import json
import os
import pty
import select
import sys
import termios
import tty

on = {int(fd) for fd in sys.argv[1].split(",")}
program = sys.argv[2:]
master, slave = pty.openpty()
tty.setraw(slave, termios.TCSANOW)
pipes = {fd: os.pipe() for fd in (1, 2) if fd not in on}

child = os.fork()
if child == 0:
    os.setsid()
    os.close(os.open(os.ttyname(slave), os.O_RDWR))  # becomes the controlling terminal
    if 0 not in on:
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    for fd in on:
        os.dup2(slave, fd)
    for fd, (_, writing) in pipes.items():
        os.dup2(writing, fd)
    os.closerange(3, 4096)
    os.execvp(program[0], program)

os.close(slave)
got = {master: b""}
for reading, writing in pipes.values():
    os.close(writing)
    got[reading] = b""
waiting = set(got)
while waiting:
    for fd in select.select(list(waiting), [], [])[0]:
        try:
            part = os.read(fd, 65536)
        except OSError:  # EIO: nobody holds the terminal any more
            part = b""
        got[fd] += part
        if not part:
            waiting.discard(fd)
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
text = {fd: got[reading].decode(errors="replace") for fd, (reading, _) in pipes.items()}
json.dump({
    "code": max(code, 0),
    "signal": -code if code < 0 else None,
    "terminal": got[master].decode(errors="replace"),
    "stdout": text.get(1, ""),
    "stderr": text.get(2, ""),
}, sys.stdout)
