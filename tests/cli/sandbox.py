"""Runs a program in narrow surroundings: sandbox.py [OPTION]... -- PROGRAM [WORD]...

  --answer CALL=ERRNO      a seccomp filter answers this system call with that errno; may be given again
  --deny-execute           another filter answers mprotect(2) with EPERM where memory shall become code, as systemd's
                           MemoryDenyWriteExecute= does
  --limit NAME=NUMBER      RLIMIT_NAME, soft and hard, such as NOFILE=16
  --uid NUMBER             user and group, without further groups; drops all capabilities of root
  --broken-pipe FD         the descriptor is a pipe that nobody reads
  --argument-hex HEX       a further word, given as bytes, such as one that is not UTF-8
"""
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys

# <asm/unistd.h> of x86_64 and <asm-generic/unistd.h> of aarch64; <linux/audit.h> for the first.
AUDIT_ARCH, CALLS = {
    "x86_64": (0xC000003E, {
        "ptrace": 101, "clone": 56, "prctl": 157, "kcmp": 312, "userfaultfd": 323, "clone3": 435, "openat2": 437,
        "pidfd_open": 434, "pidfd_getfd": 438, "statx": 332, "unshare": 272, "mount": 165, "io_uring_setup": 425,
        "setsockopt": 54, "socket": 41, "mprotect": 10,
    }),
    "aarch64": (0xC00000B7, {
        "ptrace": 117, "clone": 220, "prctl": 167, "kcmp": 272, "userfaultfd": 282, "clone3": 435, "openat2": 437,
        "pidfd_open": 434, "pidfd_getfd": 438, "statx": 291, "unshare": 97, "mount": 40, "io_uring_setup": 425,
        "setsockopt": 208, "socket": 198, "mprotect": 226,
    }),
}[platform.machine()]

# <linux/filter.h>, <linux/seccomp.h>, <linux/prctl.h>
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2


def refusing(answers):
    """Calls with the errnos that they get."""
    steps = [(LOAD, 0, 0, 0)]
    for call, code in answers:
        steps += [(EQUAL, 0, 1, CALLS[call]), (RETURN, 0, 0, ERRNO | code)]
    return steps


def refusing_code():
    """mprotect with PROT_EXEC in its third argument."""
    third_argument, prot_exec = 32, 4
    return [
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 3, CALLS["mprotect"]),
        (LOAD, 0, 0, third_argument),
        (ANY_BIT, 0, 1, prot_exec),
        (RETURN, 0, 0, ERRNO | errno.EPERM),
    ]


def install(steps):
    """Installs a filter; calls of another architecture, such as those of 32 bit, pass."""
    program = [(LOAD, 0, 0, 4), (EQUAL, 0, len(steps), AUDIT_ARCH), *steps, (RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("=HxxxxxxQ", len(program), ctypes.addressof(buffer))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for attempt in range(2):
        if prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.c_char_p(head), 0, 0) == 0:
            return
        # Without CAP_SYS_ADMIN a filter is only for those who gave the right to gain rights up.
        if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            break
    sys.exit("sandbox.py: cannot install a seccomp filter: " + os.strerror(ctypes.get_errno()))


def main(words):
    answers, further, deny_execute = [], [], False
    while words and words[0] != "--":
        option, words = words[0], words[1:]
        if option == "--deny-execute":
            deny_execute = True
            continue
        value, words = words[0], words[1:]
        name, _, right = value.partition("=")
        if option == "--answer":
            answers.append((name, getattr(errno, right)))
        elif option == "--limit":
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (int(right), int(right)))
        elif option == "--uid":
            os.setgroups([])
            os.setgid(int(value))
            os.setuid(int(value))
        elif option == "--broken-pipe":
            reading, writing = os.pipe()
            os.close(reading)
            os.dup2(writing, int(value))
            os.close(writing)
        elif option == "--argument-hex":
            further.append(bytes.fromhex(value))
        else:
            sys.exit("sandbox.py: unknown option " + option)
    # What the caller has open besides counts against RLIMIT_NOFILE, and is another number on each machine.
    os.closerange(3, 4096)
    program = [os.fsencode(word) for word in words[1:]] + further
    # Python ignores these, and what is ignored stays so in the program.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    if answers:
        install(refusing(answers))
    if deny_execute:
        install(refusing_code())
    os.execv(program[0], program)


main(sys.argv[1:])
