import type { RuleId } from "../rules/registry.ts";

/** What the lines before a message have told. */
export interface Hints {
  /** The unix socket outside of the tree that was looked at last. */
  readonly socket?: { readonly type: number; readonly named: boolean } | undefined;
}

/**
 * By the values of a message that several rules print, the rules that it can stand for, likeliest first; the others
 * cannot, and none means that the line says something else this time.
 */
type Choice = (values: readonly string[], hints: Hints) => readonly RuleId[] | undefined;

const SOCK_DGRAM = 2;

const ANON: readonly (readonly [RegExp, RuleId])[] = [
  [/io_uring/, "fd-io-uring"],
  [/perf_event/, "fd-perf"],
  [/userfaultfd/, "fd-userfaultfd"],
  [/seccomp notify/, "fd-seccomp-notify"],
  [/kvm/, "fd-kvm"],
  [/bpf-map/, "fd-bpf-map-unbuilt"],
  [/bpf[-_](prog|link|iter|token)/, "fd-bpf-prog"],
  [/\[pidfd\]/, "fd-pidfd-old"],
  [/^\/dmabuf:/, "fd-dmabuf"],
  [/anon_inode:/, "fd-anon-other"],
];

/** Character devices by major and minor, as criu prints them behind `chr`. */
const DEVICES: readonly (readonly [RegExp, RuleId])[] = [
  [/^10:229$/, "dev-fuse-server"],
  [/^10:232$/, "fd-kvm"],
  [/^[23]:\d+$/, "tty-bsd-pty"],
  [/^4:\d+$/, "tty-uart"],
  [/^226:\d+$/, "dev-drm-other"],
  [/^195:\d+$/, "dev-cuda-no-plugin"],
  [/:/, "dev-unsupported-chr"],
];

const first = (table: readonly (readonly [RegExp, RuleId])[], text: string) => {
  const row = table.find(([pattern]) => pattern.test(text));
  return row && [row[1]];
};

/** Messages that more than one rule prints. */
export const CHOICES: Readonly<Record<string, Choice>> = {
  "Can't dump file %d of that type [%o] (%s %s)": ([, mode = "", kind = "", what = ""]) => {
    const type = Number.parseInt(mode, 8) & 0o170000;
    if (kind === "chr") return first(DEVICES, what);
    if (kind === "anon" || what.startsWith("anon_inode:")) return first(ANON, what);
    if (type === 0o060000) return ["fd-blockdev"];
    return first(ANON, what) ?? ["fd-reg-odd-link"];
  },
  "Unknown shit %o (%s)": ([, name = ""]) => {
    if (name.includes("io_uring")) return ["mem-io-uring"];
    return name.includes("secretmem") ? ["mem-secretmem"] : ["mem-anon-inode-other"];
  },
  "Can't lookup mount=%d for fd=%d path=%s": ([, fd = "", path = ""]) => {
    if (path.startsWith("/secretmem")) return ["fd-secretmem"];
    if (path.startsWith("/anon_hugepage")) return ["mem-hugetlb-none-free"];
    if (path.startsWith("/memfd:")) return ["mem-hugetlb-none-free", "mem-hugetlb-memfd"];
    if (/^\/(dev\/)?pts\/\d+$|^\/dev\/(console|tty\w*)$/.test(path)) return ["tty-foreign-mount", "file-mount-unknown"];
    return Number(fd) < 0
      ? ["mem-file-other-mntns", "file-mount-unknown"]
      : ["file-mount-unknown", "mnt-skip", "fd-posix-mqueue"];
  },
  "Can't dump nested %s namespace for %d": ([name]) => {
    if (name === "cgroup") return ["cg-nested-ns"];
    return name === "time" ? ["ns-nested", "ns-time-children"] : ["ns-nested"];
  },
  "%s isn't empty": ([name = ""]) =>
    name.includes("mqueue") ? ["ipc-mqueue-mount"] : ["mnt-nonempty-pseudo", "ipc-mqueue-mount"],
  "Can't handle non-regular mapping on %d's map %lx":
    () => ["mem-chrdev", "mem-gpu-ptes", "dev-cuda-no-plugin", "dev-drm-other", "dev-cuda-predump"],
  "Can't dump ghost file %s of %lu size, increase limit": () => ["file-deleted-ghost-big", "mem-file-deleted"],
  "Can't create link remap for %s. Use link-remap option.": ([name = ""]) =>
    /\.nfs[0-9a-f]+$/.test(name)
      ? ["file-nfs-silly"]
      : name.endsWith("(deleted)")
      ? ["file-deleted-linked", "mem-file-deleted", "file-deleted-overlay"]
      : ["file-deleted-linked", "mem-file-deleted", "file-deleted-overlay", "file-hidden-by-mount"],
  "Can't make VM id for %d": () => ["share-vm", "tree-vfork-parent"],
  "Unable to interrupt task: %d (%s)": ([, why = ""]) => {
    if (/No such process/.test(why)) return ["tree-root-gone", "tree-root-unseizable"];
    return ["tree-root-unseizable", "tree-ptraced", "tree-yama-or-lsm", "tree-kernel-thread"];
  },
  "External socket is used. Consider using --ext-unix-sk option.": (_, { socket }) => {
    if (!socket) return ["unix-ext-dgram-named", "unix-ext-stream", "unix-ext-dgram-unnamed"];
    if (socket.type !== SOCK_DGRAM) return ["unix-ext-stream"];
    return [socket.named ? "unix-ext-dgram-named" : "unix-ext-dgram-unnamed"];
  },
  // EINVAL is what the kernel says of descriptors that may not be passed on.
  "send_fds failed (%d)": ([errno]) => errno === "-22" ? ["fd-io-uring"] : [],
  "Unseizable non-zombie %d found, state %c, err %d/%d":
    () => ["tree-ptraced", "tree-kernel-thread", "attr-coredump-in-progress", "tree-frozen-cgroup"],
  "suspending seccomp failed": () => ["seccomp-filter", "seccomp-strict", "seccomp-dumper"],
  "Can't turn TCP repair mode ON": ([errno = ""]) =>
    /not permitted/.test(errno) ? ["tcp-repair-permission", "tcp-half-closed"] : ["tcp-half-closed"],
  "Unsupported mapping found %016lx-%016lx": () => ["mem-pfnmap", "mem-uprobes-old"],
  "Can't open file %s on restore": (
    [path = ""],
  ) => [path.startsWith("proc/") ? "file-proc-live-outer" : "rst-file-missing"],
  "Can't dump nested time namespace for %d": () => ["ns-time-children", "ns-nested"],
  "Socket state %d obtained but expected %d": ([state]) => [state === "3" ? "tcp-syn-recv" : "sock-foreign-netns"],
  "Can't bind inet socket (id %d)": ([, errno = ""]) => [
    errno.includes("Invalid") ? "inet6-linklocal-multicast" : "tcp-restore-address",
  ],
  "Can't restore sub-task in NS (cflags %lx)": ([flags = ""]) =>
    ["20000", "40000000", "40020000"].includes(flags)
      ? ["ns-nested-mnt-host", "ns-child-outside"]
      : ["ns-child-outside"],
  "Unaccessible path opened %u:%u, need %u:%u": () => ["file-replaced", "file-device-evasive"],
  "Found slave peer index %d without correspond master peer":
    () => ["tty-slave-without-master", "tty-two-outer-terminals"],
  "Can't link remap to %s": () => ["file-link-remap-fails", "file-deleted-overlay", "file-hidden-by-mount"],
  "Can't get %d:%d opt": ([, , errno = ""]) => [
    errno.includes("not supported") ? "sock-options-old-criu" : "fd-opath-socket",
  ],
  "%d:%s doesn't have a proper root mount": ([, path = ""]) =>
    /\/(console|tty|pts\/\d+)$/.test(path)
      ? ["mnt-bind-outside", "tty-pts-bind-mount", "mnt-external-shared"]
      : ["mnt-bind-outside", "mnt-external-shared"],
  "Timeout reached. Try to interrupt: %d": () => ["tree-d-state", "tree-vfork-parent", "tree-frozen-cgroup"],
  // mountinfo writes a line break so, and criu takes it as it stands.
  "Can't open %s": ([path = ""]) => path.includes("\\0") ? ["mnt-odd-name"] : [],
  "Unable to dump a file system for %d:%s": ([, path = ""]) => [
    path.includes("\\0") ? "mnt-odd-name" : "mnt-unreachable-fs",
  ],
  "Can't splice all pages to pipe (%ld/%d)": () => ["mem-guard-pages", "mem-guard-pages-old"],
  "Unsupported proto %d for socket %x": ([proto = ""]) => [
    proto === "1" || proto === "58" ? "icmp-ping-old" : "inet-protocol-unsupported",
  ],
  "No task found with sid %d": () => ["rst-shell-job-flag", "rst-tty-no-leader"],
};
