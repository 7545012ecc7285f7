import type { Host } from "./host.ts";

/** Sysctls that decide whether a dump is made or goes on elsewhere, by their paths below /proc/sys. */
export const SYSCTLS: readonly string[] = [
  "fs/file-max",
  "fs/mqueue/msg_max",
  "fs/nr_open",
  "fs/pipe-max-size",
  "kernel/cap_last_cap",
  "kernel/io_uring_disabled",
  "kernel/pid_max",
  "kernel/randomize_va_space",
  "kernel/shmall",
  "kernel/shmmax",
  "kernel/threads-max",
  "kernel/unprivileged_userns_clone",
  "kernel/yama/ptrace_scope",
  "net/core/rmem_max",
  "net/core/wmem_max",
  "net/ipv4/ip_nonlocal_bind",
  "net/ipv4/tcp_window_scaling",
  "net/ipv6/conf/all/disable_ipv6",
  "user/max_user_namespaces",
  "vm/max_map_count",
  "vm/mmap_min_addr",
  "vm/nr_hugepages",
  "vm/overcommit_memory",
  "vm/unprivileged_userfaultfd",
];

/** One of them; null where this kernel has none or it cannot be read. */
export interface Sysctl {
  readonly name: string;
  readonly value: string | null;
}

/** Reads them all. */
export function sysctls(host: Host): Sysctl[] {
  return SYSCTLS.map((path) => ({ name: path.replaceAll("/", "."), value: host.sysctl(path) ?? null }));
}
