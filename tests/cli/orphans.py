"""Runs a program and tells what it leaves behind: orphans.py PROGRAM [WORD]...

Becomes the parent of whatever outlives its own parent (PR_SET_CHILD_SUBREAPER), so that children that run on, and
dead ones that nobody waited for, are seen. Prints {"code": …, "orphans": ["state name", …]} as JSON.
"""
import ctypes
import json
import os
import sys

PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
child = os.fork()
if child == 0:
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
# It stays a zombie for now; only then are its children ours.
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
orphans = []
for pid in os.listdir("/proc"):
    if not pid.isdigit() or int(pid) == child:
        continue
    try:
        with open(f"/proc/{pid}/stat") as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
    except OSError:
        continue
    state, parent = rest.split()[:2]
    if int(parent) == os.getpid():
        orphans.append(f"{state} {name}")
_, status = os.waitpid(child, 0)
json.dump({"code": os.waitstatus_to_exitcode(status), "orphans": orphans}, sys.stdout)
