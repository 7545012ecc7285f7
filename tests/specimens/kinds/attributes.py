"""What belongs to a task: users, rights, limits, scheduling, personality."""

import ctypes
import os
import resource
import struct

from kit import PAGE, call, libc, mmap, specimen, syscall, write

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_THP_DISABLE, PR_SET_MDWE, PR_SET_TSC = 1, 4, 38, 41, 65, 26
PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_SET_NAME, PR_SET_TIMERSLACK = 8, 28, 47, 15, 29


def prctl(*words):
    call("prctl", *[ctypes.c_ulong(word) for word in (*words, 0, 0, 0, 0)[:5]])


@specimen("attr-rlimits-permission", "host")
def attr_user(root):
    """The task is of another user in all respects."""
    os.setresgid(1000, 1000, 1000)
    os.setresuid(1000, 1000, 1000)


@specimen("attr-rlimits-permission", "host")
def attr_user_effective(root):
    """Only the effective user is another one."""
    os.seteuid(1000)


@specimen("attr-rlimits-permission", "host")
def attr_group(root):
    """Only the groups of the task are others."""
    os.setresgid(1000, 1000, 1000)


@specimen("attr-rlimits-permission", "host")
def attr_user_child(root):
    """A child is of another user, as a worker of a daemon."""
    root.task(lambda: os.setresuid(1000, 1000, 1000))


@specimen("attr-rlimits-permission attr-thread-creds", "host")
def attr_user_thread(root):
    """A thread is of another user, its leader is root."""
    root.thread(lambda: syscall_setresuid())


def syscall_setresuid():
    """The bare call, which is for this thread alone."""
    if libc.syscall(ctypes.c_long(117), 1000, 1000, 1000) == -1:
        raise OSError(ctypes.get_errno(), "setresuid")


@specimen("attr-rlimits-permission")
def attr_user_fs(root):
    """Only the user for files is another one."""
    libc.setfsuid(1000)


@specimen("attr-many-groups attr-caps", restore="expected")
def attr_groups(root):
    """Three supplementary groups."""
    os.setgroups([10, 20, 30])


@specimen("attr-many-groups")
def attr_groups_nine_hundred(root):
    """900 supplementary groups."""
    os.setgroups(range(900))


@specimen("attr-many-groups", "refused")
def attr_groups_many(root):
    """1100 supplementary groups."""
    os.setgroups(range(1100))


@specimen("attr-caps", restore="expected")
def attr_capabilities(root):
    """Fewer capabilities, one of them ambient."""
    header = ctypes.create_string_buffer(struct.pack("II", 0x20080522, 0))
    sets = ctypes.create_string_buffer(struct.pack("IIIIII", 1 << 10, 1 << 10, 1 << 10, 0, 0, 0))
    call("capset", header, sets)
    prctl(PR_CAP_AMBIENT, 2, 10)


@specimen("attr-caps")
def attr_capabilities_none(root):
    """No capabilities at all."""
    header = ctypes.create_string_buffer(struct.pack("II", 0x20080522, 0))
    call("capset", header, ctypes.create_string_buffer(24))


@specimen("attr-nnp", restore="expected")
def attr_no_new_privileges(root):
    """No new privileges."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


@specimen("attr-oom", restore="expected")
def attr_oom(root):
    """The first to be killed when memory runs out."""
    write("/proc/self/oom_score_adj", "500")


@specimen("attr-rlimits", restore="expected")
def attr_limits(root):
    """Limits of its own."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, 800))
    resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, resource.RLIM_INFINITY))


@specimen("attr-personality", restore="expected")
def attr_personality(root):
    """Addresses are not randomised."""
    call("personality", 0x0040000)


@specimen("attr-dumpable", restore="expected")
def attr_undumpable(root):
    """Not dumpable in the kernel's sense."""
    prctl(PR_SET_DUMPABLE, 0)


@specimen("attr-pdeathsig", restore="expected")
def attr_parent_death(root):
    """A child that asks for a signal when its parent dies."""
    root.task(lambda: prctl(PR_SET_PDEATHSIG, 10))


@specimen("attr-thp-disable", restore="expected")
def attr_no_huge_pages(root):
    """No transparent huge pages."""
    prctl(PR_SET_THP_DISABLE, 1)


@specimen("attr-membarrier", restore="expected")
def attr_membarrier(root):
    """Registered for memory barriers."""
    syscall("membarrier", 1 << 4, 0, 0)


@specimen("attr-mdwe")
def attr_no_new_code(root):
    """Refuses to make memory executable (PR_SET_MDWE)."""
    prctl(PR_SET_MDWE, 1)


@specimen("attr-sched-normal", restore="expected")
def attr_nice(root):
    """Niced, of the batch policy."""
    os.nice(5)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


@specimen("attr-sched-normal", restore="expected")
def attr_realtime(root):
    """Of the FIFO policy."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(3))


@specimen("attr-sched-deadline", restore="refused")
def attr_deadline(root):
    """Of the deadline policy."""
    attribute = ctypes.create_string_buffer(struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 1000000, 10000000, 10000000))
    syscall("sched_setattr", 0, attribute, 0)


@specimen("attr-exe")
def attr_exe_deleted(root):
    """The program of a child is deleted; it is small."""
    run_copy(root, lambda path: os.unlink(path))


@specimen("attr-exe")
def attr_exe_replaced(root):
    """The program of a child was replaced by a new one, as an upgrade does."""

    def replace(path):
        import shutil

        shutil.copy(path, path + ".new")
        os.rename(path + ".new", path)

    run_copy(root, replace)


@specimen("attr-exe file-deleted-linked", "options")
def attr_exe_deleted_linked(root):
    """The program of a child is deleted under the name that was run and has another one."""

    def unlink(path):
        os.link(path, path + ".other")
        os.unlink(path)

    run_copy(root, unlink)


@specimen("attr-exe file-deleted-ghost-big", "options")
def attr_exe_deleted_big(root):
    """The program of a child is deleted and larger than a megabyte."""

    def grow(path):
        os.unlink(path)

    run_copy(root, grow, padding=2 << 20)


def run_copy(root, then, padding=0):
    import shutil
    import subprocess

    path = root.path("program")
    shutil.copy("/bin/sleep", path)
    if padding:
        with open(path, "ab") as file:
            file.write(b"x" * padding)
            file.flush()
            os.fsync(file.fileno())
    root.keep(subprocess.Popen([path, "1000000"], close_fds=True))
    then(path)


@specimen("attr-cwd-root", restore="expected")
def attr_cwd(root):
    """A working folder of its own, and a umask."""
    os.chdir(root.folder)
    os.umask(0o77)


@specimen("attr-cwd-root")
def attr_chroot(root):
    """The root folder is another one (chroot); nothing below it is needed."""
    os.chroot(root.folder)
    os.chdir("/")


@specimen("attr-cwd-root")
def attr_chroot_child(root):
    """A child has another root folder."""
    root.task(lambda: os.chroot(root.folder))


@specimen("attr-cwd-root")
def attr_cwd_outside_root(root):
    """The working folder lies outside of the root folder."""
    os.chdir("/tmp")
    os.chroot(root.folder)


@specimen("attr-32bit", "host", needs="x86_64")
def attr_32bit(root):
    """A program of 32 bits."""
    import subprocess

    path = elf32(root.path("program"))
    root.keep(subprocess.Popen([path], close_fds=True))


@specimen("attr-32bit-arm", "refused", needs="aarch64")
def attr_32bit_arm(root):
    """A program of 32 bits on aarch64, where criu does not look for it."""
    import subprocess

    # again: mov r7, #29 (pause); svc #0; b again
    code = struct.pack("<III", 0xE3A0701D, 0xEF000000, 0xEAFFFFFC)
    path = elf32(root.path("program"), code, machine=40, flags=0x05000000)
    root.keep(subprocess.Popen([path], close_fds=True))


# again: mov eax, 29 (pause); int 0x80; jmp again
PAUSE_32 = b"\xb8\x1d\x00\x00\x00\xcd\x80\xeb\xf7"
ELF_BASE, ELF_HEADER = 0x8048000, 52 + 32


def elf32(path, code=PAUSE_32, machine=3, flags=0):
    """An ELF of i386, or of another machine of 32 bits, made by hand: no 32-bit toolchain is needed. By default it calls pause(2) for ever."""
    sizes = ELF_HEADER + len(code)
    elf = b"\x7fELF\x01\x01\x01" + bytes(9)
    elf += struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, ELF_BASE + ELF_HEADER, 52, 0, flags, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, ELF_BASE, ELF_BASE, sizes, sizes, 5, 0x1000)
    with open(path, "wb") as file:
        file.write(elf + segment + code)
    os.chmod(path, 0o755)
    return path


@specimen("attr-ldt", needs="x86_64")
def attr_ldt_entry(root):
    """An LDT with an entry that no register uses."""
    entry = ctypes.create_string_buffer(struct.pack("IIII", 0, 0, 0xFFFFF, 0x51))
    syscall("modify_ldt", 1, entry, 16)


@specimen("attr-ldt", needs="x86_64")
def attr_ldt_data(root):
    """A data segment register points into the LDT: only the one of code counts."""
    attr_ldt_entry(root)
    # mov eax, 7 (entry 0, LDT, ring 3); mov es, ax; ret
    code = b"\xb8\x07\x00\x00\x00\x8e\xc0\xc3"
    at = mmap(PAGE, 7)
    ctypes.memmove(at, code, len(code))
    ctypes.CFUNCTYPE(None)(at)()


@specimen("attr-ldt attr-32bit", "refused", needs="x86_64", when=lambda pid: rests_in_pause(pid))
def attr_ldt_code(root):
    """A child of 32 bits runs in a code segment of its LDT, as Wine and DOSEMU do."""
    import subprocess

    # struct user_desc on the stack: entry 0, base 0, 4 GiB, code of 32 bits; modify_ldt(1, esp, 16)
    code = b"\x68\x55\x00\x00\x00\x68\xff\xff\x0f\x00\x6a\x00\x6a\x00"
    code += b"\xb8\x7b\x00\x00\x00\xbb\x01\x00\x00\x00\x89\xe1\xba\x10\x00\x00\x00\xcd\x80"
    # ljmp 7:next
    code += b"\xea" + struct.pack("<IH", ELF_BASE + ELF_HEADER + len(code) + 7, 7)
    root.keep(subprocess.Popen([elf32(root.path("program"), code + PAUSE_32)], close_fds=True))


def rests_in_pause(pid):
    """The first child is in pause(2) of i386, which it calls last."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        child = file.read().split()[:1]
    if not child:
        return False
    with open(f"/proc/{child[0]}/syscall", encoding="ascii") as file:
        return file.read().startswith("29 ")


@specimen("thread-plain")
def attr_thread_name(root):
    """A name with a newline, a bracket and a byte that is no UTF-8."""
    libc.prctl(PR_SET_NAME, b"a) R 1\n(\xff", 0, 0, 0)


@specimen("attr-loginuid")
def attr_loginuid(root):
    """A login user."""
    write("/proc/self/loginuid", "1000")


@specimen("attr-caps")
def attr_secure_bits(root):
    """Keeps capabilities over a change of user; root has no special rights (securebits)."""
    prctl(PR_SET_SECUREBITS, 0x0F)
