"""Everyday programs of Debian, as they are run: each listens on loopback or waits for its terminal."""

import os
import socket
import subprocess
import time

from kit import rest, specimen, state, until

ROOT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", "TERM": "vt100"}


def tree(pid):
    """A process and all below it."""
    found = [pid]
    for one in found:
        for thread in os.listdir(f"/proc/{one}/task"):
            with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    return found


def work(pid):
    """What changes while the tree works: its tasks, their threads and their time."""
    if state(pid) in "ZX":
        raise RuntimeError("the program has ended")
    said = []
    for one in tree(pid):
        for thread in sorted(os.listdir(f"/proc/{one}/task")):
            with open(f"/proc/{one}/task/{thread}/stat", "rb") as file:
                words = file.read().rpartition(b")")[2].split()
            said.append((one, thread, words[0] in b"RD" and words[0], words[11], words[12]))
    return said


def idle(pid):
    """Whether nothing was done for a while: a start that takes longer is waited for."""
    before = work(pid)
    for _ in range(10):
        time.sleep(0.03)
        if work(pid) != before:
            return False
    return True


def listens(port, tasks=1):
    """A condition: the port is listened to, the tree has so many tasks and does nothing."""

    def condition(pid):
        try:
            lines = []
            for family in ("tcp", "tcp6"):
                with open(f"/proc/net/{family}", encoding="ascii") as file:
                    lines += file
            return any(f":{port:04X} " in line and " 0A " in line for line in lines) and len(tree(pid)) >= tasks and idle(pid)
        except (FileNotFoundError, ProcessLookupError):
            return False

    return condition


def has(tasks=1, path=None):
    """A condition: the tree has so many tasks, a file is there, and nothing is done."""

    def condition(pid):
        try:
            return len(tree(pid)) >= tasks and (not path or os.path.exists(f"/proc/{pid}/cwd/{path}")) and idle(pid)
        except (FileNotFoundError, ProcessLookupError):
            return False

    return condition


def program(rules="", dump="host", when=None, **more):
    return specimen(rules, dump, sort="positive", needs="programs", world="programs", when=when or has(), **more)


def config(root, text, name="config"):
    root.file(name, text.replace("FOLDER", root.folder).encode())
    os.chdir(root.folder)
    return root.path(name)


def terminal(root, said=b""):
    """A terminal whose master is outside, as the controlling one and as standard input, output and error. Gives nothing."""
    import fcntl
    import termios

    master, slave = os.openpty()

    def reads():
        os.close(slave)
        if root.fork() == 0:
            os.write(master, said)
            while True:
                os.read(master, 65536)

    root.outside(reads)
    os.close(master)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(slave)


def client(root, port, says=b""):
    """A client outside that connects as soon as somebody listens, and stays."""

    def connect():
        if root.fork() == 0:
            while True:
                one = socket.socket()
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
                one.close()
                time.sleep(0.05)
            one.send(says)
            root.keep(one)
            rest()

    root.outside(connect)


def established(port, condition):
    """As a condition, and a client is connected."""

    def both(pid):
        with open("/proc/net/tcp", encoding="ascii") as file:
            return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in file) and condition(pid)

    return both


@program("tcp-listen", "dumped", when=listens(6379))
def program_redis(root):
    """Redis without persistence."""
    root.become("/usr/bin/redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir", root.folder)


@program("tcp-connected", "options", when=established(6379, listens(6379)))
def program_redis_client(root):
    """Redis with a client outside and an append-only file."""
    client(root, 6379, b"SET key value\r\n")
    os.chdir(root.folder)
    root.become("/usr/bin/redis-server", "--port", "6379", "--bind", "127.0.0.1", "--appendonly", "yes", "--dir", root.folder)


@program("tcp-listen", "dumped", when=listens(11211))
def program_memcached(root):
    """Memcached as root."""
    root.become("/usr/bin/memcached", "-u", "root", "-l", "127.0.0.1", "-p", "11211")


@program("attr-rlimits-permission", when=listens(11211))
def program_memcached_user(root):
    """Memcached that has become another user."""
    root.become("/usr/bin/memcached", "-u", "memcache", "-l", "127.0.0.1", "-p", "11211")


NGINX = """
daemon off; worker_processes 2; user USER; pid FOLDER/pid; error_log FOLDER/error;
events { }
http {
  access_log FOLDER/access; client_body_temp_path FOLDER/t1; proxy_temp_path FOLDER/t2; fastcgi_temp_path FOLDER/t3;
  uwsgi_temp_path FOLDER/t4; scgi_temp_path FOLDER/t5;
  server { listen 127.0.0.1:8080; root /usr/share; }
}
"""


@program("tcp-listen unix-inside", "dumped", when=listens(8080, 3))
def program_nginx(root):
    """Nginx with two workers, as root."""
    root.become("/usr/sbin/nginx", "-c", config(root, NGINX.replace("USER", "root")))


@program("attr-rlimits-permission", when=listens(8080, 3))
def program_nginx_user(root):
    """Nginx whose two workers are another user."""
    root.become("/usr/sbin/nginx", "-c", config(root, NGINX.replace("USER", "www-data")))


@program("tcp-listen", "dumped", when=listens(8080))
def program_lighttpd(root):
    """Lighttpd as root."""
    path = config(root, 'server.document-root = "/usr/share"\nserver.port = 8080\nserver.bind = "127.0.0.1"\n')
    root.become("/usr/sbin/lighttpd", "-D", "-f", path)


@program("tcp-listen", "dumped", when=listens(8080))
def program_haproxy(root):
    """HAProxy in one process."""
    path = config(root, "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend f\n bind 127.0.0.1:8080\n")
    root.become("/usr/sbin/haproxy", "-db", "-f", path)


@program("tcp-listen", "dumped", when=listens(8080, 2))
def program_haproxy_master(root):
    """HAProxy with a master and a worker."""
    path = config(root, "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend f\n bind 127.0.0.1:8080\n")
    root.become("/usr/sbin/haproxy", "-W", "-db", "-f", path)


@program("udp-plain tcp-listen", "dumped", when=listens(5353))
def program_dnsmasq(root):
    """Dnsmasq as root."""
    words = ("--keep-in-foreground", "--user=root", "--port=5353", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv")
    root.become("/usr/sbin/dnsmasq", *words, "--conf-file=/dev/null", "--pid-file", f"--log-facility={root.path('log')}")


@program("tcp-listen", "dumped", when=listens(1883))
def program_mosquitto(root):
    """Mosquitto as root, with a client outside."""
    path = config(root, "listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n")
    root.become("/usr/sbin/mosquitto", "-c", path)


@program("mem-aio lock-any", "refused", when=listens(3306))
def program_mariadb(root):
    """MariaDB as root with a fresh folder."""
    words = ("--no-defaults", "--user=root", f"--datadir={root.folder}", "--skip-grant-tables", "--bind-address=127.0.0.1", "--port=3306")
    root.become("/usr/sbin/mariadbd", *words, f"--socket={root.path('socket')}", f"--pid-file={root.path('pid')}", f"--log-error={root.path('log')}", "--innodb-buffer-pool-size=8M", "--lc-messages-dir=/usr/share/mysql")


@program("mem-sysv-shm attr-rlimits-permission", when=listens(5432, 5))
def program_postgres(root):
    """PostgreSQL, which will not run as root."""
    bin_ = "/usr/lib/postgresql/17/bin"
    os.chown(root.folder, 102, 102)
    os.setgroups([])
    os.setresgid(102, 102, 102)
    os.setresuid(102, 102, 102)
    data = root.path("data")
    subprocess.run([f"{bin_}/initdb", "-D", data, "-A", "trust", "--no-sync", "--no-instructions"], check=True, stdout=subprocess.DEVNULL, env=ROOT)
    root.become(f"{bin_}/postgres", "-D", data, "-h", "127.0.0.1", "-k", root.folder, "-c", "jit=off", "-c", "shared_buffers=1MB")


@program("tcp-listen fd-eventpoll", "refused", when=listens(8080))
def program_node(root):
    """Node with an HTTP server."""
    root.become("/usr/bin/node", "-e", 'require("http").createServer((q, a) => a.end()).listen(8080, "127.0.0.1")')


@program("tcp-listen", when=listens(8080))
def program_java(root):
    """A JVM with the web server of the JDK."""
    words = ("-Xmx64m", "-XX:-UsePerfData", "-m", "jdk.httpserver", "-b", "127.0.0.1", "-p", "8080", "-d", root.folder)
    root.become("/usr/lib/jvm/java-21-openjdk-amd64/bin/java", *words)


@program("tcp-listen", "dumped", when=listens(8080))
def program_python(root):
    """Python with a web server."""
    os.chdir(root.folder)
    root.become("/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "8080")


@program("tcp-listen", "dumped", when=listens(8080))
def program_ruby(root):
    """Ruby with a TCP server and a thread."""
    root.become("/usr/bin/ruby", "-rsocket", "-e", 's = TCPServer.new("127.0.0.1", 8080); Thread.new { sleep }; s.accept')


@program("tcp-listen", "dumped", when=listens(8080))
def program_perl(root):
    """Perl with a TCP server."""
    root.become("/usr/bin/perl", "-MIO::Socket::INET", "-e", '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8080", Listen => 5); $s->accept')


@program("tcp-listen", "dumped", when=listens(8080))
def program_tcl(root):
    """Tcl with a TCP server."""
    root.become("/usr/bin/tclsh", config(root, "socket -server accept -myaddr 127.0.0.1 8080\nvwait forever\n"))


@program("fd-pipe", "dumped")
def program_lua(root):
    """Lua that reads from a fifo."""
    os.mkfifo(root.path("fifo"))
    os.dup2(root.open("fifo", os.O_RDWR), 0)
    os.close(3)
    root.become("/usr/bin/lua5.4", "-e", "io.read()")


@program("tcp-listen", "options", when=listens(8080))
def program_deno(root):
    """Deno with a web server."""
    script = config(root, 'Deno.serve({ hostname: "127.0.0.1", port: 8080 }, () => new Response("")); ', "serve.js")
    root.become(os.environ["CREADY_DENO"], "run", "--allow-net", "--no-remote", script, DENO_DIR=root.path("deno"), DENO_NO_UPDATE_CHECK="1")


@program("tty-attached-shell", "refused", when=has(2))
def program_tmux(root):
    """A tmux server with a shell in its one window."""
    socket_ = root.path("socket")

    def session():
        if root.fork() == 0:
            while not os.path.exists(socket_):
                time.sleep(0.02)
            while subprocess.run(["/usr/bin/tmux", "-S", socket_, "new-session", "-d", "/bin/sh"], env=ROOT, stderr=subprocess.DEVNULL).returncode:
                time.sleep(0.05)
            rest()

    root.outside(session)
    root.become("/usr/bin/tmux", "-D", "-f", "/dev/null", "-S", socket_, SHELL="/bin/sh")


@program("tty-attached-shell", "refused", when=has(2))
def program_screen(root):
    """A detached screen with a shell."""
    os.mkdir(root.path("screens"), 0o700)
    root.become("/usr/bin/screen", "-D", "-m", "-c", "/dev/null", "/bin/sh", SCREENDIR=root.path("screens"), SHELL="/bin/sh")


@program("tty-attached-shell tty-slave-without-master", "options", when=has(2))
def program_shell_job(root):
    """An interactive bash with a job in the background, on a terminal whose master is outside."""
    terminal(root, b"sleep 1000000 &\n")
    root.become("/bin/bash", "--norc", "-i")


@program("tree-zombie", "dumped", when=has(2))
def program_shell_script(root):
    """A script that waits for its child."""
    root.become("/bin/sh", "-c", "sleep 1000000 & wait")


@program("tty-attached-shell tty-slave-without-master", "options")
def program_vim(root):
    """Vim on a terminal whose master is outside, with a changed file."""
    terminal(root, b"itext\x1b")
    root.file("text")
    root.become("/usr/bin/vim.tiny", root.path("text"))


@program("tty-attached-shell tty-slave-without-master", "options")
def program_less(root):
    """Less on a terminal whose master is outside."""
    terminal(root)
    root.become("/usr/bin/less", "/etc/passwd")


@program("lock-any", "options", when=has(2))
def program_sqlite(root):
    """SQLite in the midst of a transaction."""
    os.chdir(root.folder)
    root.become("/usr/bin/sqlite3", "db", "create table t(x); begin exclusive; insert into t values(1);", ".shell sleep 1000000")


@program("tcp-listen", "dumped", when=listens(2222))
def program_sshd(root):
    """The listening sshd."""
    root.become("/usr/sbin/sshd", "-D", "-f", sshd(root))


def sshd(root):
    os.makedirs("/run/sshd", exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root.path(name)], check=True, env=ROOT)
    os.rename(root.path("user.pub"), root.path("authorized"))
    return config(root, "Port 2222\nListenAddress 127.0.0.1\nHostKey FOLDER/host\nAuthorizedKeysFile FOLDER/authorized\nStrictModes no\nPidFile none\nPermitRootLogin yes\n")


@program("tcp-connected", "options", when=established(2222, has(3)))
def program_ssh_session(root):
    """The sshd with one session of root, without a terminal, that runs a program; its client is outside."""
    path = sshd(root)

    def login():
        if root.fork() == 0:
            words = ["-F", "/dev/null", "-i", root.path("user"), "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
            while subprocess.run(["/usr/bin/ssh", *words, "root@127.0.0.1", "sleep 1000000"], stderr=subprocess.DEVNULL, env=ROOT).returncode:
                time.sleep(0.1)
            rest()

    root.outside(login)
    root.become("/usr/sbin/sshd", "-D", "-f", path)


@program("tcp-connected tty-attached-shell", "refused", when=established(2222, has(3)))
def program_ssh_session_terminal(root):
    """The same with a terminal and a shell."""
    path = sshd(root)

    def login():
        if root.fork() == 0:
            words = ["-F", "/dev/null", "-tt", "-i", root.path("user"), "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
            end, other = os.pipe()
            while subprocess.run(["/usr/bin/ssh", *words, "root@127.0.0.1", "exec /bin/sh"], stdin=end, stderr=subprocess.DEVNULL, env=ROOT).returncode:
                time.sleep(0.1)
            rest()

    root.outside(login)
    root.become("/usr/sbin/sshd", "-D", "-f", path)


@program("tcp-listen", "dumped", when=listens(9000, 3))
def program_php(root):
    """PHP's process manager with two workers, as root."""
    path = config(root, "[global]\ndaemonize=no\nerror_log=FOLDER/log\n[www]\nuser=root\ngroup=root\nlisten=127.0.0.1:9000\npm=static\npm.max_children=2\n")
    root.become("/usr/sbin/php-fpm8.4", "-R", "-F", "-n", "-y", path)


@program("attr-rlimits-permission", when=listens(8080, 3))
def program_apache(root):
    """Apache, whose workers are another user."""
    lines = "LoadModule mpm_prefork_module MODULES/mod_mpm_prefork.so\nLoadModule authz_core_module MODULES/mod_authz_core.so\nListen 127.0.0.1:8080\nServerName localhost\nUser www-data\nGroup www-data\nPidFile FOLDER/pid\nErrorLog FOLDER/log\nStartServers 2\n"
    path = config(root, lines.replace("MODULES", "/usr/lib/apache2/modules") + f"DefaultRuntimeDir {root.folder}\nMutex file:{root.folder} default\n")
    root.become("/usr/sbin/apache2", "-DFOREGROUND", "-f", path)


@program("tcp-listen", "dumped", when=listens(8080))
def program_socat(root):
    """Socat that waits for connections."""
    root.become("/usr/bin/socat", "TCP-LISTEN:8080,bind=127.0.0.1,fork", "EXEC:/bin/cat")


@program("tcp-connected", "options", when=established(8080, listens(8080, 3)))
def program_socat_connected(root):
    """Socat with a connection of a client outside and a program at its other end."""
    client(root, 8080)
    root.become("/usr/bin/socat", "TCP-LISTEN:8080,bind=127.0.0.1,fork", "EXEC:/bin/cat")


@program("tcp-listen", "options", when=listens(8730))
def program_rsync(root):
    """The daemon of rsync."""
    path = config(root, "pid file = FOLDER/pid\nlog file = FOLDER/log\nuse chroot = no\n")
    root.become("/usr/bin/rsync", "--daemon", "--no-detach", "--port=8730", "--address=127.0.0.1", f"--config={path}")


@program("unix-inside", "dumped", when=has(path="bus"))
def program_dbus(root):
    """A session bus."""
    path = config(root, '<busconfig><listen>unix:path=FOLDER/bus</listen><auth>EXTERNAL</auth></busconfig>')
    root.become("/usr/bin/dbus-daemon", "--nofork", "--nopidfile", f"--config-file={path}")


@program("unix-ext-stream", "options", when=has())
def program_dbus_client(root):
    """A client of a bus that is outside."""
    path = config(root, '<busconfig><listen>unix:path=FOLDER/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>')
    root.outside(lambda: root.keep(subprocess.Popen(["/usr/bin/dbus-daemon", "--nofork", "--nopidfile", f"--config-file={path}"], env=ROOT)))
    until(lambda: os.path.exists(root.path("bus")), "the bus is there")
    root.become("/usr/bin/dbus-monitor", "--address", f"unix:path={root.path('bus')}")


@program("tcp-listen", "dumped", when=listens(8080))
def program_busybox(root):
    """The web server of busybox."""
    root.become("/usr/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:8080", "-h", "/usr/share")


@program("lock-any", when=has())
def program_cron(root):
    """Cron."""
    root.become("/usr/sbin/cron", "-f")


@program("tcp-listen", "dumped", when=listens(11300))
def program_beanstalkd(root):
    """Beanstalkd."""
    root.become("/usr/bin/beanstalkd", "-l", "127.0.0.1", "-p", "11300")


@program("tcp-listen", "dumped", when=listens(8888))
def program_tinyproxy(root):
    """Tinyproxy."""
    path = config(root, 'Port 8888\nListen 127.0.0.1\nTimeout 600\nMaxClients 10\nLogFile "FOLDER/log"\n')
    root.become("/usr/bin/tinyproxy", "-d", "-c", path)


@program("tcp-listen", "dumped", when=listens(8443))
def program_stunnel(root):
    """Stunnel."""
    path = config(root, "foreground = yes\nsyslog = no\noutput = FOLDER/log\npid =\n[s]\nclient = yes\naccept = 127.0.0.1:8443\nconnect = 127.0.0.1:1\n")
    root.become("/usr/bin/stunnel4", path)
