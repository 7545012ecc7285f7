"""Runs a program where an autofs is mounted: unshare -m python3 automount.py PROGRAM [WORD]...  Needs root."""
import ctypes
import os
import sys
import tempfile

reading, writing = os.pipe()
os.set_inheritable(writing, True)
os.setpgid(0, 0)
folder = tempfile.mkdtemp()
options = b"fd=%d,pgrp=%d,minproto=5,maxproto=5,direct" % (writing, os.getpgrp())
libc = ctypes.CDLL(None, use_errno=True)
mounted = libc.mount(b"automount.py", folder.encode(), b"autofs", 0, options) == 0
reason = os.strerror(ctypes.get_errno())
if os.fork() == 0:
    if not mounted:
        sys.exit("automount.py: " + reason)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status = os.wait()
libc.umount2(folder.encode(), 2)
os.rmdir(folder)
sys.exit(os.waitstatus_to_exitcode(status))
