"""
One restore, judged and tried: started by `unshare` as the first process of a pid namespace of its own, which ends
everything here when it ends. Reads what to do as JSON from its first argument, prints what came of it as JSON.

    specimen  a name in specimen.py, or a command in `argv`; `in_session`: with no session of its own; `inner`: its child
              is dumped
    dump      further options of criu dump
    spoil     what is changed between the dump and the restore: [name, words…], see below
    criu, cready, work
"""
import fcntl, json, os, signal, socket, struct, subprocess, sys, time

task = json.loads(sys.argv[1])
WORK, CRIU, CREADY = task["work"], task["criu"], task["cready"]
IMAGES = os.path.join(WORK, "images")
HERE = os.path.dirname(os.path.realpath(__file__))
ENVIRONMENT = {"PATH": os.path.dirname(CRIU) + ":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/"}
held = []


def path(name):
    return os.path.join(WORK, name)


def loopback_up():
    """As `ip link set lo up; ip address add 10.9.9.9 dev lo`, without a program that may not be here."""
    interface(0x8914, "lo", "H14x", 1 | 64)  # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING
    set_address("10.9.9.9")


def set_address(address):
    interface(0x8916, "lo:1", "H2x4s8x", socket.AF_INET, socket.inet_aton(address))  # SIOCSIFADDR


def interface(request, name, layout, *values):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, request, struct.pack("16s" + layout, name.encode(), *values))


def run(argv, timeout=120):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
                          timeout=timeout, close_fds=True)
    return done.returncode, done.stdout.decode("utf8", "replace"), done.stderr.decode("utf8", "replace")


def start():
    os.makedirs(IMAGES)
    with open(path("data"), "wb") as data:
        data.write(b"d" * 5000)
    argv = task.get("argv") or ["/usr/bin/python3", path("specimen.py"), task["specimen"], WORK]
    argv = [word.replace("WORK", WORK) for word in argv]
    with open("/dev/null", "r+b") as null, open(path("output"), "ab") as output:
        child = subprocess.Popen(argv, stdin=null, stdout=output, stderr=output, cwd="/", env=ENVIRONMENT, close_fds=True,
                                 start_new_session=not task.get("in_session"))
    limit = time.monotonic() + 60
    ready = path("ready")
    while not os.path.exists(ready) if "specimen" in task else not runs(child.pid, argv[0]):
        if time.monotonic() > limit or child.poll() is not None:
            raise SystemExit(f"the specimen did not get ready: {open(path('output')).read()}")
        time.sleep(0.01)
    # Until the last of its threads and children sleeps.
    while not all(asleep(pid) for pid in descendants(child.pid)):
        if time.monotonic() > limit:
            raise SystemExit("the specimen does not come to rest")
        time.sleep(0.01)
    return child


def runs(pid, program):
    """Whether the program itself sleeps, not one that is on its way to it."""
    last = descendants(pid)[-1] if task.get("inner") else pid
    try:
        exe = os.readlink(f"/proc/{last}/exe")
    except FileNotFoundError:
        return False
    return os.path.basename(exe) == os.path.basename(task.get("program", program)) and asleep(last)


def descendants(root):
    found = [root]
    for pid in found:
        try:
            for tid in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{tid}/children") as children:
                    found += [int(one) for one in children.read().split()]
        except FileNotFoundError:
            pass
    return found


def asleep(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] in "SZ"
    except FileNotFoundError:
        return False


def came_back():
    """Whether the restored root sleeps again: under its old pid, or somewhere in a pid namespace of its own."""
    if not task.get("inner"):
        return asleep(dumped)
    return any(name_of(pid) == task["program"] and asleep(pid) for pid in os.listdir("/proc") if pid.isdigit())


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as comm:
            return comm.read().strip()
    except FileNotFoundError:
        return None


def log_errors(name):
    with open(os.path.join(IMAGES, name), errors="replace") as log:
        return [line.strip() for line in log if "Error" in line and "RLIMIT_NOFILE" not in line][:5]


def reap(first):
    """Takes away what the dump killed: all of it comes to this process, the first one here."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return
    raise SystemExit(f"{first} or one of its children did not end")


def spoil(name, *words):
    if name == "grow":
        with open(path(words[0]), "ab") as handle:
            handle.write(b"more")
    elif name == "remove":
        os.unlink(path(words[0]))
    elif name == "chmod":
        os.chmod(path(words[0]), 0o600)
    elif name == "remove_image":
        for one in os.listdir(IMAGES):
            if one.startswith(words[0]):
                os.unlink(os.path.join(IMAGES, one))
    elif name == "take_port":
        taken = socket.socket(socket.AF_INET6 if ":" in words[0] else socket.AF_INET,
                              socket.SOCK_DGRAM if words[2:] else socket.SOCK_STREAM)
        taken.bind((words[0], int(words[1])))
        if not words[2:]:
            taken.listen()
        held.append(taken)
    elif name == "take_name":
        taken = socket.socket(socket.AF_UNIX)
        taken.bind("\0" + words[0])
        held.append(taken)
    elif name == "take_pid":
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(dumped - 1))
        child = os.fork()
        if child == 0:
            time.sleep(3600)
        if child != dumped:
            raise SystemExit(f"got pid {child} instead of {dumped}")
    elif name == "lose_address":
        set_address("0.0.0.0")
    elif name == "other_build":
        with open(path(words[0]), "r+b") as handle:
            content = handle.read()
            note = content.index(b"GNU\0", content.index(b"\x14\0\0\0\x03\0\0\0GNU\0")) + 4
            handle.seek(note)
            handle.write(bytes(20))
    elif name == "other_cpu":
        with open(words[0], "rb") as other, open(os.path.join(IMAGES, "cpuinfo.img"), "wb") as image:
            image.write(other.read())
    elif name == "garble":
        with open(os.path.join(IMAGES, words[0]), "r+b") as handle:
            handle.truncate(max(0, os.path.getsize(handle.name) - 3))
    else:
        raise SystemExit(f"nothing is called {name}")


# criu's own start-up connects over it, in whatever network namespace it is.
loopback_up()
for name in ["specimen.py"]:
    with open(os.path.join(HERE, name)) as source, open(path(name), "w") as copy:
        copy.write(source.read())
if task.get("copy"):
    with open(task["copy"], "rb") as source, open(path("program"), "wb") as copy:
        copy.write(source.read())
    os.chmod(path("program"), 0o755)
if task.get("in_session"):
    os.setsid()
if task.get("outside"):
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].bind("\0cready-outside")
    held[-1].listen()
child = start()
dumped = descendants(child.pid)[1] if task.get("inner") else child.pid
result = {}
words = [CRIU, "dump", "-t", str(dumped), "-D", IMAGES, "-o", "dump.log", "--network-lock", "skip", *task.get("dump", [])]
result["dump"], _, result["dump_error"] = run(words)
result["errors"] = log_errors("dump.log")
if result["dump"] == 0:
    reap(dumped)
    if task.get("spoil"):
        spoil(*task["spoil"])
    code, out, err = run([CREADY, "compare", "--images", IMAGES, "--cpu", "none", "--json", *task.get("compare", [])])
    result["code"], result["stderr"] = code, err
    result["said"] = json.loads(out) if out else None
    command = (result["said"] or {}).get("command") or f"criu restore -D {IMAGES}"
    options = command.split(" ")[2:]
    result["restore"], _, result["restore_error"] = run(
        [CRIU, "restore", *options, "-d", "-o", "restore.log", *task.get("restore", [])])
    result["errors"] = log_errors("restore.log")
    limit = time.monotonic() + 20
    while not (result.get("alive") or result["restore"] or time.monotonic() > limit):
        result["alive"] = came_back()
        time.sleep(0.01)
print(json.dumps(result))
sys.stdout.flush()
os._exit(0)
