"""Runs a program as systemd would run cready-serve.service, for what systemd does inside of the process.

    confine.py UNIT UID WORD...   the words of ExecStart= are run; UID stands for User=

Takes from the unit: no capabilities, securebits, no_new_privs, umask and the system call filter, whose sets
systemd-analyze resolves. Its caller makes the namespaces. The process stays the same, as LISTEN_PID wants it.
"""
import os
import subprocess
import sys

import seccomp

unit, uid, words = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
settings = {}
with open(unit) as file:
    for line in file:
        if "=" in line and not line.startswith("#"):
            key, value = line.strip().split("=", 1)
            settings.setdefault(key, []).append(value)


def calls(name):
    """The system calls of a set, or the one that is named."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True, env={**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    ).stdout.splitlines()
    names = [line.strip() for line in lines[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(calls(one) for one in names)) if names else set()


allowed, refused = set(), set()
for value in settings["SystemCallFilter"]:
    target = refused if value.startswith("~") else allowed
    for name in value.lstrip("~").split():
        target |= calls(name)
# systemd.exec(5): these are always allowed.
allowed = (allowed - refused) | calls("@default")
assert len(allowed) > 100, "systemd-analyze named no system calls"

assert settings["CapabilityBoundingSet"] == [""] and settings["NoNewPrivileges"] == ["yes"]
confined = seccomp.SyscallFilter(defaction=seccomp.ERRNO(1))
for name in sorted(allowed):
    number = seccomp.resolve_syscall(seccomp.Arch(), name)
    if number >= 0:
        confined.add_rule(seccomp.ALLOW, name)

os.umask(int(settings["UMask"][0], 8))
setpriv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--securebits=+noroot,+noroot_locked"]
# setpriv changes the user, which the filter refuses; so it runs first, and this once more.
if os.environ.get("CONFINED") != "yes":
    os.environ["CONFINED"] = "yes"
    os.execvp(setpriv[0], setpriv + [sys.executable] + sys.argv)
confined.load()
os.execv(words[0], words)
