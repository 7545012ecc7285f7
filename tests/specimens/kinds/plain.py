"""Nothing special: what every other specimen adds to."""

import os

from kit import specimen


@specimen("mem-anon mem-file attr-exe attr-cwd-root", restore="expected")
def plain(root):
    """A Python that rests."""


@specimen("thread-plain thread-rseq", restore="expected")
def plain_threads(root):
    """Two more threads."""
    root.thread()
    root.thread()


@specimen("fd-pipe", restore="expected")
def plain_tree(root):
    """Three generations, a pipe between them."""
    root.keep(os.pipe())
    root.task(lambda: root.task())
    root.task()


@specimen("file-plain", restore="expected")
def plain_files(root):
    """Files open for reading, writing and appending, and a folder."""
    root.file("read")
    root.open("read", os.O_RDONLY)
    root.open("written")
    root.open("appended", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.open(root.folder, os.O_RDONLY | os.O_DIRECTORY)
