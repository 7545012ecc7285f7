"""What CRIU neither refuses nor keeps."""

import ctypes
import os
import struct

from kit import call, libc, mmap, specimen, syscall, write, PAGE
from kinds.attributes import prctl


@specimen("lost-affinity", restore="lost")
def lost_affinity(root):
    """Bound to one CPU."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@specimen("lost-ionice", restore="lost")
def lost_ionice(root):
    """Idle in I/O."""
    syscall("ioprio_set", 1, 0, 3 << 13)


@specimen("lost-mempolicy", restore="lost", needs="numa")
def lost_mempolicy(root):
    """Memory with a policy of its own."""
    syscall("mbind", mmap(4 * PAGE), 4 * PAGE, 2, ctypes.create_string_buffer(b"\1" + bytes(7)), 64, 0)


@specimen("lost-coredump-filter", restore="lost")
def lost_coredump_filter(root):
    """Core dumps would have other memory in them."""
    write("/proc/self/coredump_filter", "0x7f")


@specimen("lost-timerslack", restore="lost")
def lost_timerslack(root):
    """Timers may be late by a millisecond."""
    prctl(29, 1000000)


@specimen("lost-keyrings", sort="positive")
def lost_keyrings(root):
    """A session keyring of its own: lost at restore, which nobody sees from outside."""
    syscall("keyctl", 1, ctypes.create_string_buffer(b"specimen"), 0, 0, 0)


@specimen("lost-speculation", restore="lost", needs="a CPU and kernel that let speculation be disabled")
def lost_speculation(root):
    """Speculation is disabled by prctl."""
    call("prctl", 53, 0, 4, 0, 0)


@specimen("lost-ksm", restore="lost")
def lost_ksm(root):
    """All its memory may be merged (PR_SET_MEMORY_MERGE)."""
    prctl(67, 1)


@specimen("lost-tsc", sort="positive", needs="x86_64")
def lost_tsc(root):
    """May not read the time stamp counter: lost at restore, which nobody sees from outside."""
    prctl(26, 2)


@specimen("lost-uclamp", "dumped", restore="lost")
def lost_core_filter_child(root):
    """A child's core dumps are empty."""
    root.task(lambda: write("/proc/self/coredump_filter", "0"))


@specimen("lsm-landlock lost-mdwe-landlock", needs="landlock")
def lost_landlock(root):
    """Restricted by Landlock: may not execute anything."""
    fd = syscall("landlock_create_ruleset", ctypes.create_string_buffer(struct.pack("Q", 1)), 8, 0)
    prctl(38, 1)
    syscall("landlock_restrict_self", fd, 0)
    os.close(fd)
