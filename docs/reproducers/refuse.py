"""Runs a program under a seccomp filter that answers one system call: refuse.py CALL=ERRNO PROGRAM [WORD]...

ERRNO is a name such as EPERM; 0 tells that the call was done although it was not. Needs root.
"""
import ctypes
import errno
import os
import platform
import struct
import sys

CALLS = {"kcmp": (312, 272), "openat2": (437, 437), "pidfd_getfd": (438, 438)}  # x86_64, aarch64
PR_SET_SECCOMP, MODE_FILTER, LOAD, EQUAL, RETURN = 22, 2, 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000

call, _, answer = sys.argv[1].partition("=")
number = CALLS[call][platform.machine() == "aarch64"]
code = 0 if answer == "0" else getattr(errno, answer)
steps = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | code), (RETURN, 0, 0, ALLOW)]
filters = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
program = struct.pack("=HxxxxxxQ", len(steps), ctypes.addressof(filters))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.c_char_p(program), 0, 0) != 0:
    sys.exit("refuse.py: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
