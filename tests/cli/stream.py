"""Feeds a program with a stream of megabytes and tells what became of it: stream.py KIND MEGABYTES PROGRAM WORDS…

KIND is what the stream is made of: `log` (a log of criu that goes well, an error at its end), `errors` (nothing but
different errors of which nothing is known), `random` (random bytes), `line` (one line without an end).
Prints one line of JSON: exit code, the most memory that the program held (KiB), the beginning of its output.
"""

import json
import os
import resource
import subprocess
import sys

GOOD = b"".join(
    b"(00.%06d) 4711 fdinfo %d: pos:                0 flags:           100000/0\n"
    b"(00.%06d) 0x7f1c%08x-0x7f1c%08x (4K) prot 0x3 flags 0x22 fdflags 0 st 0x201 off 0 reg ap  shmid: 0\n"
    % (i, i % 100, i, i * 4096, (i + 1) * 4096)
    for i in range(5000)
)
LAST = (
    b"(09.000000) 4711 fdinfo 8: pos:                0 flags:                2/0x1\n"
    b"(09.000001) Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using --tcp-established option.\n"
    b"(09.000002) Error (criu/cr-dump.c:2128): Dumping FAILED.\n"
)


def blocks(kind, size):
    done = 0
    count = 0
    chunk = os.urandom(1 << 20)
    while done < size:
        if kind == "log":
            block = GOOD
        elif kind == "errors":
            block = b"".join(b"(00.000001) Error (criu/x.c:1): never seen %d of %d\n" % (i, count) for i in range(20000))
        elif kind == "random":
            # Not the same megabyte again: shifted by another number each time.
            block = bytes(chunk[-count % 4096:] + chunk[: -count % 4096])
        else:
            block = b"x" * (1 << 20)
        count += 1
        done += len(block)
        yield block
    if kind == "log":
        yield LAST


def main():
    kind, megabytes, *argv = sys.argv[1:]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for block in blocks(kind, int(megabytes) << 20):
        child.stdin.write(block)
    child.stdin.close()
    out = child.stdout.read(1000).decode(errors="replace")
    while child.stdout.read(1 << 16):
        pass
    code = child.wait()
    print(json.dumps({"code": code, "kib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, "out": out}))


main()
