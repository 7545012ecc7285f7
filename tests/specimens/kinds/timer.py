"""Timers."""

import ctypes
import signal
import struct

from kit import specimen, syscall


def posix_timer(clock=1, notify=0, number=34, thread=0):
    event = ctypes.create_string_buffer(struct.pack("QiiI", 5, number, notify, thread).ljust(64, b"\0"), 64)
    made = ctypes.create_string_buffer(4)
    syscall("timer_create", clock, event, made)
    setting = ctypes.create_string_buffer(struct.pack("qqqq", 10, 0, 1000, 0))
    syscall("timer_settime", struct.unpack("i", made.raw)[0], 0, setting, 0)


@specimen("timer-posix", restore="expected")
def timer_posix(root):
    """Armed timers of three clocks, with a signal and without one."""
    for clock, notify in ((0, 0), (1, 0), (7, 1)):
        posix_timer(clock, notify)


@specimen("timer-posix-thread-pidns timer-posix", restore="expected")
def timer_posix_thread(root):
    """A timer whose signal goes to the second thread."""
    posix_timer(notify=4, thread=root.thread())


@specimen("timer-posix-thread-gone")
def timer_posix_thread_gone(root):
    """A timer whose signal would go to a thread that has ended."""
    import threading

    from kit import until
    import os

    came, ends, tids = threading.Event(), threading.Event(), []

    def body():
        tids.append(syscall("gettid"))
        came.set()
        ends.wait()

    thread = threading.Thread(target=body)
    thread.start()
    came.wait()
    posix_timer(notify=4, thread=tids[0])
    ends.set()
    thread.join()
    until(lambda: not os.path.exists(f"/proc/self/task/{tids[0]}"), "the thread has ended")


@specimen("timer-posix")
def timer_posix_cpu(root):
    """A timer of the CPU time of the process."""
    posix_timer(2)


@specimen("timer-posix", "host", needs="a clock that wakes the machine up")
def timer_posix_alarm(root):
    """A timer that would wake up the machine."""
    posix_timer(9)


@specimen("timer-itimer", restore="expected")
def timer_itimer(root):
    """All three interval timers."""
    for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(which, 1000, 10)
