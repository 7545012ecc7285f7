/** What the C headers of both architectures say: a program is compiled for each and run, one of them by qemu-user. */
import assert from "node:assert/strict";

export const root = new URL("../../", import.meta.url);

/** The architectures, each with its compiler and what runs its programs here. */
export const TARGETS = {
  x86_64: { compiler: "x86_64-linux-gnu-gcc", triplet: "x86_64-linux-gnu", runner: [] },
  aarch64: { compiler: "aarch64-linux-gnu-gcc", triplet: "aarch64-linux-gnu", runner: ["qemu-aarch64"] },
} as const;
export type Target = keyof typeof TARGETS;

/** The kernel's headers alone: they and libc's define many things twice. */
const KERNEL = (
  "linux/fcntl.h linux/fs.h linux/mount.h linux/prctl.h linux/ptrace.h linux/seccomp.h linux/filter.h linux/audit.h " +
  "linux/sched.h linux/stat.h linux/openat2.h linux/userfaultfd.h linux/netlink.h linux/rtnetlink.h linux/sock_diag.h " +
  "linux/inet_diag.h linux/unix_diag.h linux/packet_diag.h linux/netlink_diag.h linux/if_tun.h linux/tcp.h linux/in6.h " +
  "linux/sockios.h linux/eventpoll.h linux/kcmp.h linux/mman.h asm/ioctls.h linux/magic.h linux/perf_event.h " +
  "linux/aio_abi.h linux/un.h linux/uio.h linux/memfd.h linux/if_link.h linux/net_namespace.h linux/nsfs.h " +
  "linux/pidfd.h linux/close_range.h linux/elf.h linux/auxvec.h asm/signal.h asm/siginfo.h linux/time.h " +
  "linux/netfilter/nfnetlink.h linux/netfilter/nf_tables.h linux/capability.h linux/limits.h linux/bpf_common.h " +
  "linux/utsname.h linux/loop.h linux/veth.h linux/timerfd.h linux/membarrier.h linux/xattr.h asm/unistd.h asm/ptrace.h"
).split(" ");

/** libc's. */
const LIBC = (
  "sys/socket.h netinet/in.h netinet/tcp.h sys/un.h poll.h sys/epoll.h signal.h sys/wait.h sys/mman.h sched.h fcntl.h " +
  "unistd.h sys/stat.h sys/ptrace.h sys/user.h time.h sys/time.h dirent.h sys/statfs.h sys/utsname.h sys/ioctl.h " +
  "termios.h spawn.h sys/prctl.h sys/ipc.h sys/sem.h sys/shm.h sys/msg.h sys/mount.h sys/timerfd.h sys/eventfd.h elf.h " +
  "sys/uio.h limits.h sys/file.h sys/resource.h ucontext.h sys/auxv.h sys/procfs.h"
).split(" ");

let headers: string | undefined;
function headersFolder(): string {
  if (headers) return headers;
  const { success, stdout, stderr } = new Deno.Command(new URL("scripts/headers", root), { stdin: "null" })
    .outputSync();
  assert(success, new TextDecoder().decode(stderr));
  return headers = new TextDecoder().decode(stdout).trim();
}

/** Compiles and runs a program whose statements are `body`; the lines that it prints. */
function run(target: Target, includes: readonly string[], body: readonly string[]): string[] {
  const { compiler, triplet, runner } = TARGETS[target];
  const folder = Deno.makeTempDirSync();
  try {
    const source = [
      ...includes.map((name) => `#include <${name}>`),
      "#include <stddef.h>",
      "extern int printf(const char *, ...);",
      "int main(void) {",
      ...body,
      "return 0; }",
    ].join("\n");
    Deno.writeTextFileSync(`${folder}/a.c`, source);
    const include = headersFolder();
    const words = [
      "-D_GNU_SOURCE",
      "-w",
      "-static",
      `-I${include}`,
      `-I${include}/${triplet}`,
      "-o",
      `${folder}/a`,
      `${folder}/a.c`,
    ];
    const compiled = new Deno.Command(compiler, { args: words, stdin: "null" }).outputSync();
    assert(compiled.success, new TextDecoder().decode(compiled.stderr).slice(0, 3000));
    const [program, ...args] = [...runner, `${folder}/a`];
    const ran = new Deno.Command(program!, { args, stdin: "null" }).outputSync();
    assert(ran.success, `${program}: ${new TextDecoder().decode(ran.stderr)}`);
    return new TextDecoder().decode(ran.stdout).split("\n").filter((line) => line !== "");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The values of macros, for those that there are; of both kinds of headers where these differ. */
export function macros(target: Target, names: Iterable<string>): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const body = [...names].flatMap((name) => [
    `#ifdef ${name}`,
    `printf("${name} %lld\\n", (long long)(${name}));`,
    "#endif",
  ]);
  for (const includes of [KERNEL, LIBC]) {
    for (const line of run(target, includes, body)) {
      const [name, value] = line.split(" ") as [string, string];
      found.set(name, [...found.get(name) ?? [], Number(value)]);
    }
  }
  return found;
}

/** The values of C expressions, such as `sizeof(struct statx)`, with the kernel's or libc's headers. */
export function values(target: Target, kind: "kernel" | "libc", expressions: readonly string[]): number[] {
  const body = expressions.map((one) => `printf("%lld\\n", (long long)(${one}));`);
  return run(target, kind === "kernel" ? KERNEL : LIBC, body).map(Number);
}
