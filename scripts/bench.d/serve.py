"""The part of scripts/bench that loads `cready serve`: requests a second beside a bare yoga, memory, descriptors,
subscriptions, and how long everything else waits while checks run."""
import json, os, signal, socket, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
LOAD = [f"{ROOT}/scripts/deno", "run", "--quiet", "--allow-net", "--allow-read", "--allow-write", f"{ROOT}/scripts/bench.d/load.ts"]
MEMORY = "{ features { id finding(maxAgeMs: 60000) { verdict } } }"
HOST = "{ host { kernel } }"
CHECK = "{ check(scope: ALL) { outcome } }"
WATCH = "subscription { check(scope: ALL) { __typename ... on Finding { feature { id } verdict } } }"
CHANGES = "subscription { changes(everySeconds: 3600) { verdict } }"
TOKEN = "a-token-of-the-bench-0123456789"


def load(*words):
    return json.loads(subprocess.run([*LOAD, *map(str, words)], check=True, capture_output=True, text=True).stdout)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(argv, port):
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process
        except OSError:
            time.sleep(0.05)
    sys.exit(f"bench: {argv[0]} does not listen")


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def children(pid):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found += [int(name), *children(int(name))]
        except OSError:
            pass
    return found


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def main(rounds):
    with tempfile.TemporaryDirectory() as folder:
        token = os.path.join(folder, "token")
        with open(os.open(token, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(TOKEN)
        port, other = free_port(), free_port()
        server = started([f"{ROOT}/dist/cready", "serve", "--listen", f"127.0.0.1:{port}", "--token-file", token], port)
        yoga = started([f"{ROOT}/scripts/deno", "run", "--quiet", "--allow-all", f"{ROOT}/scripts/bench.d/bare_yoga.ts", str(other)], other)
        try:
            print(report(server, port, other, rounds))
        finally:
            for process in (server, yoga):
                process.send_signal(signal.SIGTERM)
                process.wait()


def query_ratio(rounds):
    """How much longer `cready query` takes than the check that it implies: medians of interleaved runs."""
    pairs = [(["check"], ["query", "{ check { outcome } }"]), (["check", "--all"], ["query", "{ check(scope: ALL) { outcome } }"])]
    ratios = []
    for check, query in pairs:
        times = ([], [])
        for _ in range(5 * rounds):
            for words, list in zip((check, query), times):
                start = time.perf_counter()
                subprocess.run([f"{ROOT}/dist/cready", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                list.append(time.perf_counter() - start)
        ratios.append(statistics.median(times[1]) / statistics.median(times[0]))
    return ratios


def report(server, port, other, rounds):
    ours, theirs = f"127.0.0.1:{port}", f"127.0.0.1:{other}"
    text = ["| `cready serve` under load | | goal |", "|---|--:|--:|"]
    row = lambda what, value, goal="": text.append(f"| {what} | {value} | {goal} |")
    first = load("subscriptions", ours, TOKEN, 1, WATCH)
    idle = [load("subscriptions", ours, TOKEN, 1, WATCH)["firstEventMs"] for _ in range(5)]
    for address in (ours, theirs):
        load("requests", address, TOKEN, 64, 2, MEMORY)
    pairs = []
    for number in range(rounds):
        print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
        pairs.append([load("requests", address, TOKEN, 64, 3, MEMORY) for address in (ours, theirs)])
    print(file=sys.stderr)
    mine, yogas = (statistics.median(pair[i]["perSecond"] for pair in pairs) for i in (0, 1))
    row("findings from memory, 64 connections", f"{mine:.0f} requests/s")
    row("a bare yoga with a list of the same size, on the same Deno", f"{yogas:.0f} requests/s")
    row("ratio", f"**{mine / yogas:.2f}**", "0.85")

    checks = subprocess.Popen([*LOAD, "requests", ours, TOKEN, "4", "8", CHECK], stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    during = load("requests", ours, TOKEN, 4, 5, HOST)
    checked = json.loads(checks.communicate()[0])
    row("`{ host { kernel } }` while checks run, 99 of 100", f"{during['p99']:.1f} ms", "50 ms")
    row("checks of all answered meanwhile", f"{checked['answered']}, failed {checked['failed']}")
    required, everything = query_ratio(rounds)
    row("`cready query` beside the `check` it implies, and `check --all`", f"{required:.2f}, {everything:.2f}", "1.6")
    row("first event of a subscription, idle", f"{statistics.median(idle):.1f} ms", "100 ms")
    many = load("subscriptions", ours, TOKEN, 200, WATCH)
    row("events of each of 200 subscriptions at once", f"{many['fewestEvents']} to {many['mostEvents']}", f"{first['mostEvents']}")

    time.sleep(2)
    before, open_before = rss_mb(server.pid), descriptors(server.pid)
    asked = load("requests", ours, TOKEN, 64, "20000x", MEMORY)
    dropped = load("drop", ours, TOKEN, 1000, CHANGES)
    time.sleep(2)
    after, open_after = rss_mb(server.pid), descriptors(server.pid)
    row("memory of the serving process after 20,000 requests and 1,000 dropped subscriptions", f"{after:.0f} MB (before: {before:.0f})", "160 MB")
    row("its descriptors", f"{open_after} (before: {open_before})", "the same")
    row("requests that failed, subscriptions that were opened", f"{asked['failed']}, {dropped['opened']}", "0, 1000")
    others = [rss_mb(pid) for pid in children(server.pid)]
    row("memory of keeper and prober beside it", " + ".join(f"{mb:.0f}" for mb in others) + " MB")
    return "\n".join(text)
