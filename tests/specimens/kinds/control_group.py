"""Control groups."""

import os

from kit import specimen, unshare, write


def hierarchy():
    """Where a group can be made, as (folder, whether it is of version 2). Version 2 is mounted by the sandbox where the host has not."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            kind = words[words.index("-") + 1]
            if kind == "cgroup2":
                return words[4]
    raise FileNotFoundError("no cgroup2 is mounted")


def group(root, name):
    path = os.path.join(hierarchy(), f"cready-specimen-{root.driver}-{os.path.basename(os.path.dirname(root.folder))}{name}")
    os.makedirs(path, exist_ok=True)
    root.leave(path)
    return path


@specimen("cg-same", restore="expected")
def cg_same(root):
    """In the group of the dumper."""


@specimen("cg-different")
def cg_different(root):
    """In a group of its own."""
    write(os.path.join(group(root, ""), "cgroup.procs"), str(os.getpid()))


@specimen("cg-different")
def cg_child_different(root):
    """A child in a group of its own."""
    path = os.path.join(group(root, ""), "cgroup.procs")
    root.task(lambda: write(path, str(os.getpid())))


@specimen("tree-frozen-cgroup", "options", when=lambda pid: frozen(pid))
def cg_frozen(root):
    """In a frozen group."""
    path = group(root, "")
    write(os.path.join(path, "cgroup.procs"), str(os.getpid()))

    def freeze():
        write(os.path.join(path, "cgroup.freeze"), "1")

    root.outside(lambda: write(os.path.join(hierarchy(), "cgroup.procs"), str(os.getpid())))
    root.ready()
    freeze()
    while True:
        import signal

        signal.pause()


def frozen(pid):
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        path = [line.split("::")[1].strip() for line in file if line.startswith("0::")][0]
    with open(f"{hierarchy()}{path}/cgroup.events", encoding="utf-8") as file:
        return "frozen 1" in file.read()


@specimen("ns-cgroup cg-different")
def cg_namespace(root):
    """In a group and a cgroup namespace of its own."""
    write(os.path.join(group(root, ""), "cgroup.procs"), str(os.getpid()))
    unshare("cgroup")
