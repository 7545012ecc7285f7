"""Terminals."""

import fcntl
import os
import socket
import termios

from kit import specimen


@specimen("tty-slave-without-master", restore="expected")
def tty_own_pair(root):
    """Both ends of a pty, no controlling terminal."""
    root.keep(os.openpty())


@specimen("tty-slave-without-master")
def tty_master_only(root):
    """The master of a pty alone."""
    master, slave = os.openpty()
    os.close(slave)


@specimen("tty-slave-without-master", "options")
def tty_slave_only(root):
    """The slave of a pty whose master a process outside has."""
    master, slave = os.openpty()
    root.outside(close=[slave])
    os.close(master)


@specimen("tty-two-outer-terminals", "refused")
def tty_two_slaves(root):
    """Slaves of two ptys with their masters outside."""
    pairs = [os.openpty(), os.openpty()]
    root.outside(close=[slave for _, slave in pairs])
    for master, _ in pairs:
        os.close(master)


@specimen("tty-slave-without-master")
def tty_hung_up(root):
    """A slave whose master is closed everywhere."""
    master, slave = os.openpty()
    os.close(master)


@specimen("tty-attached-shell", restore="expected")
def tty_own_control(root):
    """The root's controlling terminal is a pty of which it has both ends."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


@specimen("tty-attached-shell tty-slave-without-master", "options")
def tty_foreign_control(root):
    """The root leads a session on a terminal whose master a process outside has, as after ssh."""
    master, slave = os.openpty()
    root.outside(close=[slave])
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


@specimen("tty-attached-shell tty-slave-without-master", "options")
def tty_foreign_stdio(root):
    """The same with the terminal as standard input, output and error, as sshd starts a program."""
    master, slave = os.openpty()
    root.outside(close=[slave])
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(slave)


@specimen("tty-attached-shell", restore="expected")
def tty_child_session(root):
    """As a terminal multiplexer: the root has the master, a child leads a session on the slave."""
    master, slave = os.openpty()

    def shell():
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    root.task(shell)
    os.close(slave)


@specimen("tty-dev-tty")
def tty_dev_tty(root):
    """/dev/tty is open, beside the pty that is the controlling terminal."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.open("/dev/tty", os.O_RDWR)


@specimen("tty-dev-tty")
def tty_dev_tty_alone(root):
    """/dev/tty is open and the slave is closed: only the master is there."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.open("/dev/tty", os.O_RDWR)
    os.close(slave)


@specimen("tty-dev-tty-other-task tty-dev-tty", "refused")
def tty_dev_tty_other_task(root):
    """A child has /dev/tty open, and only its parent has the pty."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    def child():
        os.open("/dev/tty", os.O_RDWR)
        os.close(master)
        os.close(slave)

    root.task(child)


@specimen("tty-queued-data")
def tty_queued(root):
    """A line waits to be read from the slave."""
    master, slave = os.openpty()
    os.write(master, b"a line\n")


@specimen("tty-console-vt-serial", needs="a console that can be opened")
def tty_console(root):
    """/dev/console is open."""
    os.open("/dev/console", os.O_RDWR | os.O_NOCTTY)


@specimen("tty-uart dev-unsupported-chr", "refused")
def tty_serial(root):
    """A node of the first serial line is open."""
    os.mknod(root.path("ttyS0"), 0o20600, os.makedev(4, 64))
    root.open("ttyS0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


@specimen("tty-in-scm")
def tty_passed(root):
    """A terminal travels in the queue of a unix socket, and is open beside that."""
    _, slave = os.openpty()
    one, other = socket.socketpair()
    socket.send_fds(one, [b"x"], [slave])
    root.keep((one, other))


@specimen("tty-in-scm", "refused")
def tty_passed_only(root):
    """A terminal travels in the queue of a unix socket and is open nowhere else."""
    _, slave = os.openpty()
    one, other = socket.socketpair()
    socket.send_fds(one, [b"x"], [slave])
    os.close(slave)
    root.keep((one, other))


@specimen("tty-slave-without-master")
def tty_o_path(root):
    """The slave's node is open with O_PATH only: no terminal."""
    master, slave = os.openpty()
    os.open(os.ttyname(slave), os.O_PATH)
