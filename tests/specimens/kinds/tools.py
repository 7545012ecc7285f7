"""Tools of Debian, as people run them: in a pipeline, below another program, as a client, with the means of a language."""

import os
import subprocess
import time

from kinds.programs import ROOT, config, established, has, listens, program, sshd
from kit import until


@program("fd-pipe", "dumped", when=has(4))
def tool_pipeline(root):
    """A pipeline of four."""
    root.become("/bin/bash", "-c", "sleep 1000000 | sort | uniq -c | tail -n 3; true")


@program("fd-pipe", when=has(3))
def tool_process_substitution(root):
    """bash that reads from two programs by descriptors."""
    root.become("/bin/bash", "-c", "cat <(sleep 1000000) <(sleep 1000000); true")


@program("file-deleted", "dumped", when=has(1))
def tool_here_document(root):
    """A shell script from a here document, which is in a deleted file or a pipe."""
    root.become("/bin/bash", "-c", f"TMPDIR={root.folder} exec sleep 1000000 <<END\n" + "x" * 100000 + "\nEND\n")


@program("lock-any", "options", when=has(2))
def tool_flock(root):
    """flock, which runs a program under a lock."""
    root.become("/usr/bin/flock", root.path("lock"), "/bin/sleep", "1000000")


@program("ns-pid", when=has(2))
def tool_unshare(root):
    """unshare with namespaces of its own for PIDs, mounts and the host's name."""
    root.become("/usr/bin/unshare", "-fpmu", "--mount-proc", "/bin/sleep", "1000000")


@program("unix-listen", "dumped", when=has())
def tool_ssh_agent(root):
    """An ssh-agent in the foreground."""
    root.become("/usr/bin/ssh-agent", "-D", "-a", root.path("agent"))


@program("tcp-connected", "options", when=established(6379, has()))
def tool_redis_subscriber(root):
    """redis-cli that has subscribed at a server outside."""
    root.outside(lambda: root.keep(subprocess.Popen(["/usr/bin/redis-server", "--port", "6379", "--save", "", "--dir", root.folder], env=ROOT, stdout=subprocess.DEVNULL)))
    until(lambda: subprocess.run(["/usr/bin/redis-cli", "ping"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ROOT, check=False).returncode == 0, "redis answers")
    root.become("/usr/bin/redis-cli", "subscribe", "x")


@program("tcp-connected", "options", when=established(2222, has()))
def tool_ssh(root):
    """The client of ssh with a session that runs a program; the sshd is outside."""
    path = sshd(root)
    root.outside(lambda: root.keep(subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", path], env=ROOT, stderr=subprocess.DEVNULL)))
    words = ["-F", "/dev/null", "-i", root.path("user"), "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectionAttempts=20"]
    time.sleep(0.5)
    root.become("/usr/bin/ssh", *words, "root@127.0.0.1", "sleep 1000000")


@program("tcp-connected", "options", when=established(8080, has()))
def tool_asyncio(root):
    """Python's asyncio with a server, a client of it and an executor."""
    script = config(root, "import asyncio, time\nasync def h(r, w):\n    await r.read()\nasync def main():\n    s = await asyncio.start_server(h, '127.0.0.1', 8080)\n    c = await asyncio.open_connection('127.0.0.1', 8080)\n    await asyncio.to_thread(time.sleep, 1000000)\nasyncio.run(main())\n", "a.py")
    root.become("/usr/bin/python3", script)


@program("fd-pipe ipc-posix-shm", when=has(5))
def tool_multiprocessing(root):
    """Python's multiprocessing with a pool of three, queues, a semaphore and shared memory."""
    script = config(root, "import multiprocessing as m, time\nfrom multiprocessing import shared_memory\nif __name__ == '__main__':\n    m.set_start_method('fork')\n    s = shared_memory.SharedMemory(create=True, size=4096)\n    l = m.Lock()\n    p = m.Pool(3)\n    q = m.Queue()\n    v = m.Value('i', 1)\n    p.map(abs, [1, 2, 3])\n    time.sleep(1000000)\n", "m.py")
    root.become("/usr/bin/python3", script)


@program("fd-pipe unix-listen", when=has(4))
def tool_forkserver(root):
    """Python's multiprocessing by a fork server and a manager."""
    script = config(root, "import multiprocessing as m, time\nif __name__ == '__main__':\n    m.set_start_method('forkserver')\n    g = m.Manager()\n    d = g.dict()\n    p = m.Process(target=time.sleep, args=(1000000,))\n    p.start()\n    time.sleep(1000000)\n", "f.py")
    root.become("/usr/bin/python3", script, TMPDIR="/run")


@program("fd-io-uring", when=listens(8080, 3))
def tool_node_cluster(root):
    """Node with a cluster of two."""
    script = config(root, "const c = require('cluster'); if (c.isPrimary) { c.fork(); c.fork(); } else require('http').createServer((q, a) => a.end()).listen(8080, '127.0.0.1')", "c.js")
    root.become("/usr/bin/node", script)


@program("lock-any", "options", when=has(path="db-shm"))
def tool_sqlite_wal(root):
    """Python with an SQLite database in WAL mode, in a transaction that reads."""
    script = config(root, "import sqlite3, time\nc = sqlite3.connect('db', isolation_level=None)\nc.execute('pragma journal_mode=wal')\nc.execute('create table t(x)')\nc.execute('begin')\nc.execute('select * from t').fetchall()\ntime.sleep(1000000)\n", "s.py")
    root.become("/usr/bin/python3", script)


@program("unix-listen", when=has(path="cready"))
def tool_cready(root):
    """cready serve itself."""
    program_ = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../dist/cready")
    os.chdir("/run")
    root.become(os.path.normpath(program_), "serve", "--socket", "/run/cready")
