"""Mappings."""

import ctypes
import os
import struct

from kit import (MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PAGE, PROT_EXEC, PROT_READ, PROT_WRITE, call, libc,
                 mmap, specimen, syscall)

MADV_GUARD_INSTALL, MADV_DONTDUMP, MADV_DONTFORK, MADV_WIPEONFORK, MADV_MERGEABLE = 102, 16, 10, 18, 12
MAP_HUGETLB, MAP_GROWSDOWN, MAP_LOCKED, MAP_DROPPABLE = 0x40000, 0x100, 0x2000, 8
IPC_PRIVATE, IPC_CREAT = 0, 0o1000


@specimen("mem-anon", restore="expected")
def mem_kinds(root):
    """Anonymous memory: private, shared, of no rights, growing downwards, not written to."""
    ctypes.memset(mmap(4 * PAGE), 1, 4 * PAGE)
    ctypes.memset(mmap(4 * PAGE, flags=MAP_SHARED | MAP_ANONYMOUS), 1, 4 * PAGE)
    mmap(4 * PAGE, 0)
    mmap(4 * PAGE)


@specimen("mem-anon")
def mem_shared_with_child(root):
    """Shared anonymous memory of two tasks."""
    at = mmap(4 * PAGE, flags=MAP_SHARED | MAP_ANONYMOUS)
    root.task(lambda: ctypes.memset(at, 1, PAGE))


@specimen("mem-anon")
def mem_shared_with_outside(root):
    """Shared anonymous memory that a process outside has as well."""
    ctypes.memset(mmap(4 * PAGE, flags=MAP_SHARED | MAP_ANONYMOUS), 1, PAGE)
    root.outside()


@specimen("mem-file", restore="expected")
def mem_file(root):
    """A file mapped shared and private, changed in the private one."""
    root.file("file", bytes(4 * PAGE))
    fd = root.open("file")
    ctypes.memset(mmap(4 * PAGE, flags=MAP_SHARED, fd=fd), 1, 1)
    ctypes.memset(mmap(4 * PAGE, fd=fd), 2, 1)
    os.close(fd)


@specimen("mem-file-deleted", restore="expected")
def mem_file_deleted(root):
    """A mapped file that is deleted."""
    mapped(root, "gone")
    os.unlink(root.path("gone"))


@specimen("mem-file-deleted file-deleted-ghost-big", "options")
def mem_file_deleted_big(root):
    """A mapped file of two megabytes that is deleted."""
    mapped(root, "gone", 2 << 20)
    os.unlink(root.path("gone"))


@specimen("mem-file-deleted file-deleted-linked", "options")
def mem_file_deleted_linked(root):
    """A mapped file, a name of which is deleted while another one is there."""
    mapped(root, "gone")
    os.link(root.path("gone"), root.path("other"))
    os.unlink(root.path("gone"))


@specimen("mem-file-deleted file-replaced")
def mem_file_replaced(root):
    """A mapped file that was replaced by a new one, as an upgrade does with libraries."""
    mapped(root, "library")
    root.file("library.new", bytes(4 * PAGE))
    os.rename(root.path("library.new"), root.path("library"))


def mapped(root, name, size=4 * PAGE):
    root.file(name, b"x" * size)
    fd = root.open(name)
    mmap(size, fd=fd)
    os.close(fd)


@specimen("mem-file")
def mem_file_truncated(root):
    """A mapping that goes on behind the end of its file."""
    mapped(root, "file")
    os.truncate(root.path("file"), 10)


@specimen("mem-file")
def mem_file_named_deleted(root):
    """A mapped file whose own name ends in " (deleted)"."""
    mapped(root, "name (deleted)")


@specimen("mem-aio", restore="expected")
def mem_aio(root):
    """A ring for asynchronous input and output."""
    syscall("io_setup", 8, ctypes.create_string_buffer(8))


def shared_segment(size=2 * PAGE, flags=0):
    number = call("shmget", IPC_PRIVATE, size, IPC_CREAT | 0o600)
    at = libc.shmat(number, None, flags)
    if at == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "shmat")
    return number, at


@specimen("mem-sysv-shm ipc-shm-host", "refused")
def mem_sysv(root):
    """A System V segment of the host, attached."""
    shared_segment()


@specimen("mem-sysv-shm ipc-shm-host", "refused")
def mem_sysv_removed(root):
    """An attached segment that is marked for removal."""
    number, _ = shared_segment()
    call("shmctl", number, 0, None)


@specimen("mem-sysv-shm ipc-shm-host")
def mem_sysv_detached(root):
    """A segment that the root made and detached."""
    _, at = shared_segment()
    call("shmdt", ctypes.c_void_p(at))


@specimen("mem-sysv-shm", "refused")
def mem_sysv_child(root):
    """A child has a segment attached."""
    root.task(shared_segment)


@specimen("mem-guard-pages", "host")
def mem_guard(root):
    """A guard region in the midst of memory that is used."""
    at = mmap(8 * PAGE)
    ctypes.memset(at, 1, 8 * PAGE)
    if libc.madvise(at + 2 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL):
        raise OSError(ctypes.get_errno(), "MADV_GUARD_INSTALL")


@specimen("mem-droppable", "host")
def mem_droppable(root):
    """Memory that the kernel may drop."""
    mmap(4 * PAGE, flags=MAP_DROPPABLE | MAP_ANONYMOUS)


@specimen("mem-locked-madv", restore="expected")
def mem_advices(root):
    """Memory with advices: not dumped, not forked, wiped on fork; locked."""
    for advice in (MADV_DONTDUMP, MADV_DONTFORK, MADV_WIPEONFORK):
        at = mmap(4 * PAGE)
        ctypes.memset(at, 1, PAGE)
        libc.madvise(at, 4 * PAGE, advice)
    libc.mlock(ctypes.c_void_p(mmap(PAGE)), ctypes.c_size_t(PAGE))


@specimen("mem-sealed", "host")
def mem_sealed(root):
    """Sealed memory that is readable and writable."""
    at = mmap(4 * PAGE)
    ctypes.memset(at, 1, PAGE)
    syscall("mseal", at, 4 * PAGE, 0)


@specimen("mem-sealed", "host")
def mem_sealed_unreadable(root):
    """Sealed memory without rights, that has contents."""
    at = mmap(4 * PAGE)
    ctypes.memset(at, 1, PAGE)
    libc.mprotect(at, 4 * PAGE, 0)
    syscall("mseal", at, 4 * PAGE, 0)


@specimen("mem-anon", restore="expected")
def mem_unreadable(root):
    """Memory without rights that has contents."""
    at = mmap(4 * PAGE)
    ctypes.memset(at, 1, PAGE)
    libc.mprotect(at, 4 * PAGE, 0)


@specimen("mem-anon")
def mem_executable(root):
    """Memory that is writable and executable."""
    ctypes.memset(mmap(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0xC3, PAGE)


@specimen("mem-hugetlb-anon", "host", needs="hugetlb")
def mem_hugetlb(root):
    """A huge page, private and anonymous."""
    hugetlb(MAP_PRIVATE)


@specimen("mem-hugetlb-anon", "host", needs="hugetlb")
def mem_hugetlb_shared(root):
    """A huge page, shared and anonymous."""
    hugetlb(MAP_SHARED)


def hugetlb(flags):
    """Reserves nothing, since the machine may have no huge pages to spare."""
    mmap(2 << 20, flags=flags | MAP_ANONYMOUS | MAP_HUGETLB | 0x4000)


@specimen("mem-anon")
def mem_many(root):
    """Two thousand mappings."""
    at = mmap(4000 * PAGE)
    for number in range(0, 4000, 2):
        libc.mprotect(at + number * PAGE, PAGE, PROT_READ)


@specimen("mem-vvar-split", needs="x86_64")
def mem_vdso_unmapped(root):
    """The vDSO is unmapped."""
    for start, end, name in list(areas()):
        if name in ("[vdso]", "[vvar]", "[vvar_vclock]"):
            libc.munmap(start, end - start)


def areas():
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            words = line.split(maxsplit=5)
            start, end = (int(word, 16) for word in words[0].split("-"))
            yield start, end, words[5].strip() if len(words) > 5 else ""


@specimen("mem-vdso-second", needs="x86_64")
def mem_vdso_moved(root):
    """The vDSO and its data were moved elsewhere."""
    found = [(start, end) for start, end, name in areas() if name in ("[vdso]", "[vvar]", "[vvar_vclock]")]
    size = found[-1][1] - found[0][0]
    to = mmap(size, 0)
    libc.mremap.restype = ctypes.c_void_p
    for start, end in found:
        libc.mremap(ctypes.c_void_p(start), ctypes.c_size_t(end - start), ctypes.c_size_t(end - start), 3, ctypes.c_void_p(to + start - found[0][0]))


@specimen("mem-file")
def mem_stack_large(root):
    """A main stack that has grown."""

    def deeper(left):
        return 0 if left == 0 else 1 + deeper(left - 1)

    deeper(800)
