/** Dumps of the restore tests: what is dumped, what is changed before the restore, and what must come of it. */

/** What is dumped and how, what is changed then, and what comes of it. */
export interface Row {
  readonly what: string;
  /** As tests/fleet/restore.py takes it. */
  readonly task: Readonly<Record<string, unknown>>;
  /** The item that must block, by its id (WORK stands for the test's folder); null where the restore succeeds. */
  readonly blocks: string | RegExp | null;
  /** Options that the named command must have. */
  readonly options?: readonly string[];
}

/** A program without anything. */
export const SLEEP = { argv: ["/bin/sleep", "1000"] };
const inNamespaces = (flags: string) => ({
  argv: ["/usr/bin/unshare", flags, "--fork", "sh", "-c", "exec setsid sleep 1000 </dev/null >/dev/null 2>&1"],
  program: "sleep",
  inner: true,
});
export const IN_MOUNT_NAMESPACE = {
  argv: ["/usr/bin/unshare", "-pm", "--fork", "/usr/bin/python3", "WORK/specimen.py", "two_mounts", "WORK"],
  program: "sleep",
  inner: true,
};
const OTHER_CPU = new URL("../testdata/cpuinfo/Opteron_G3.img", import.meta.url).pathname;

/** All of them; docs/compare.md is a table of these. */
export const ROWS: readonly Row[] = [
  { what: "a program that sleeps", task: SLEEP, blocks: null },
  { what: "open files", task: { specimen: "file" }, blocks: null },
  {
    what: "a log that has grown, which criu lets pass",
    task: { specimen: "file", spoil: ["grow", "log"] },
    blocks: null,
  },
  { what: "a file that has grown", task: { specimen: "file", spoil: ["grow", "data"] }, blocks: "file.WORK/data" },
  { what: "a file that is gone", task: { specimen: "file", spoil: ["remove", "data"] }, blocks: "file.WORK/data" },
  { what: "a file of another mode", task: { specimen: "file", spoil: ["chmod", "data"] }, blocks: "file.WORK/data" },
  { what: "a file with a name of odd bytes", task: { specimen: "odd_name" }, blocks: null },
  { what: "a symbolic link that is open itself", task: { specimen: "path_only" }, blocks: null },
  {
    what: "another build of the program",
    task: { argv: ["WORK/program", "1000"], copy: "/bin/sleep", spoil: ["other_build", "program"] },
    blocks: "file.WORK/program",
  },
  { what: "a deleted file", task: { specimen: "deleted" }, blocks: null },
  { what: "mapped memory", task: { specimen: "shared_memory" }, blocks: null },
  { what: "a current folder", task: { specimen: "folder" }, blocks: null },
  { what: "pipes, eventfd, epoll, timerfd and memfd", task: { specimen: "descriptors" }, blocks: null },
  { what: "a file lock", task: { specimen: "lock", dump: ["--file-locks"] }, blocks: null, options: ["--file-locks"] },
  { what: "threads", task: { specimen: "threads" }, blocks: null },
  { what: "a tree with a session, a group and a zombie", task: { specimen: "tree" }, blocks: null },
  { what: "a pid that is taken", task: { ...SLEEP, spoil: ["take_pid"] }, blocks: /^pid\.\d+$/ },
  {
    what: "a job of a shell",
    task: { specimen: "nothing", in_session: true, dump: ["--shell-job"] },
    blocks: null,
    options: ["--shell-job"],
  },
  {
    what: "no core image",
    task: { specimen: "threads", spoil: ["remove_image", "core-"] },
    blocks: /^image\.core-\d+\.img$/,
  },
  {
    what: "no image of its memory",
    task: { ...SLEEP, spoil: ["remove_image", "mm-"] },
    blocks: /^image\.mm-\d+\.img$/,
  },
  { what: "no table of files", task: { ...SLEEP, spoil: ["remove_image", "files"] }, blocks: "image.files.img" },
  { what: "a TCP listener", task: { specimen: "tcp_listener" }, blocks: null },
  {
    what: "a TCP port that is taken",
    task: { specimen: "tcp_listener", spoil: ["take_port", "0.0.0.0", "7101"] },
    blocks: "socket.tcp.127.0.0.1:7101",
  },
  {
    what: "another address with that port, which is none of its business",
    task: { specimen: "tcp_listener", spoil: ["take_port", "127.0.0.9", "7101"] },
    blocks: null,
  },
  { what: "a listener on an address of the machine", task: { specimen: "tcp_address" }, blocks: null },
  {
    what: "an address that the machine has no more",
    task: { specimen: "tcp_address", spoil: ["lose_address"] },
    blocks: "socket.tcp.10.9.9.9:7104",
  },
  { what: "a TCP listener by IPv6", task: { specimen: "tcp6_listener" }, blocks: null },
  {
    what: "an IPv6 port that is taken",
    task: { specimen: "tcp6_listener", spoil: ["take_port", "::", "7106"] },
    blocks: "socket.tcp.[0:0:0:0:0:0:0:1]:7106",
  },
  { what: "a UDP socket", task: { specimen: "udp" }, blocks: null },
  {
    what: "a UDP port that is taken",
    task: { specimen: "udp", spoil: ["take_port", "127.0.0.1", "7103", "udp"] },
    blocks: "socket.udp.127.0.0.1:7103",
  },
  {
    what: "both ends of a TCP connection",
    task: { specimen: "tcp_connection", dump: ["--tcp-established"] },
    blocks: null,
    options: ["--tcp-established"],
  },
  {
    what: "a TCP connection that its peer has reset",
    task: { specimen: "tcp_reset" },
    blocks: null,
    options: ["--tcp-established"],
  },
  {
    what: "a client of a Unix listener outside that has not accepted it",
    task: { specimen: "unaccepted", outside: true },
    blocks: /^socket\.unix\.\d+$/,
  },
  { what: "a pair of Unix sockets", task: { specimen: "unix_pair" }, blocks: null },
  {
    what: "a Unix socket by path, which is gone",
    task: { specimen: "unix_path", spoil: ["remove", "socket"] },
    blocks: null,
  },
  { what: "a Unix socket with an abstract name", task: { specimen: "unix_abstract" }, blocks: null },
  {
    what: "an abstract name that is taken",
    task: { specimen: "unix_abstract", spoil: ["take_name", "cready-specimen"] },
    blocks: "socket.unix.@cready-specimen",
  },
  { what: "UTS, IPC and cgroup namespaces", task: inNamespaces("-uiC"), blocks: null },
  { what: "a time namespace", task: inNamespaces("-T"), blocks: null },
  { what: "a pid namespace", task: inNamespaces("-p"), blocks: null },
  {
    what: "a user namespace without a pid namespace",
    task: { argv: ["/usr/bin/unshare", "-Ur", "sleep", "1000"], program: "sleep" },
    blocks: "namespace.user",
  },
  {
    what: "a mount namespace, its root named",
    task: { ...IN_MOUNT_NAMESPACE, compare: ["--root", "/"] },
    blocks: null,
    options: ["--root /"],
  },
  {
    what: "a processor that has more instructions",
    task: {
      ...SLEEP,
      dump: ["--cpu-cap=ins"],
      spoil: ["other_cpu", OTHER_CPU],
      compare: ["--cpu", "ins"],
      restore: ["--cpu-cap=none,ins"],
    },
    blocks: "cpu.sse4a",
  },
];
