"""Maps and programs of BPF."""

import ctypes
import os
import struct

from kit import specimen, syscall

MAP_CREATE, MAP_UPDATE, PROG_LOAD, BTF_LOAD = 0, 2, 5, 18
HASH, ARRAY, PROG_ARRAY, PERCPU_HASH, LRU_HASH, RINGBUF = 1, 2, 3, 5, 9, 27


def bpf(command, attribute):
    buffer = ctypes.create_string_buffer(attribute.ljust(128, b"\0"), 128)
    return syscall("bpf", command, buffer, 128)


def make_map(kind, key=4, value=8, entries=16, flags=0):
    return bpf(MAP_CREATE, struct.pack("IIIII", kind, key, value, entries, flags))


def load_socket_filter():
    """A program that lets everything pass: r0 = 0xffff; exit."""
    code = struct.pack("BBhi", 0xB7, 0, 0, 0xFFFF) + struct.pack("BBhi", 0x95, 0, 0, 0)
    program, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack("IIQQ", 1, 2, ctypes.addressof(program), ctypes.addressof(licence)))


@specimen("fd-bpf-map", "host")
def bpf_hash(root):
    """A hash map with an entry."""
    fd = make_map(HASH)
    key, value = ctypes.create_string_buffer(b"\1\0\0\0"), ctypes.create_string_buffer(b"12345678")
    bpf(MAP_UPDATE, struct.pack("IxxxxQQQ", fd, ctypes.addressof(key), ctypes.addressof(value), 0))


@specimen("fd-bpf-map", "host")
def bpf_array(root):
    """An array."""
    make_map(ARRAY)


@specimen("fd-bpf-map-type", "refused")
def bpf_percpu(root):
    """A map of one value a CPU."""
    make_map(PERCPU_HASH)


@specimen("fd-bpf-map-type", "refused")
def bpf_lru(root):
    """A map that forgets what was used least."""
    make_map(LRU_HASH)


@specimen("fd-bpf-map-type", "refused")
def bpf_ring(root):
    """A ring buffer."""
    make_map(RINGBUF, 0, 0, os.sysconf("SC_PAGE_SIZE"))


@specimen("fd-bpf-prog", "refused")
def bpf_program(root):
    """A loaded program."""
    load_socket_filter()
