import type { OptionSpec } from "./getopt.ts";

/**
 * The options that `criu` 4.2 knows beside those of its check (criu/config.c). `cready check` takes them as
 * `criu check` does, which ignores them, so that scripts and configuration files can be used unchanged.
 */
const IGNORED: Readonly<Record<OptionSpec["argument"], string>> = {
  none: "leave-stopped=s leave-running=R evasive-devices page-server track-mem auto-dedup force-irmap exec-cmd " +
    "enable-external-sharing enable-external-masters lazy-pages deprecated display-stats weak-sysctls stream tls " +
    "tls-no-cn-verify skip-file-rwx-check mntns-compat-mode ghost-fiemap allow-uprobes tcp-established tcp-close " +
    "skip-in-flight link-remap shell-job=j file-locks=l restore-detached=d restore-sibling=S daemon log-pid",
  required: "tree=t join-ns=J root=r close pidfile veth-pair action-script address port prev-images-dir libdir=L " +
    "ext-mount-map=M cgroup-root inherit-fd skip-mnt enable-fs freeze-cgroup ghost-limit irmap-scan-path lsm-profile " +
    "external empty-ns cgroup-props cgroup-props-file cgroup-dump-controller status-fd ps-socket tls-cacert " +
    "tls-cacrl tls-cert tls-key cgroup-yard pre-dump-mode file-validation lsm-mount-context network-lock config",
  optional: "ext-unix-sk=x cpu-cap manage-cgroups",
};

/** Of the options without an argument, those that criu does not let be negated with `--no-`. */
const NOT_NEGATED = [
  "exec-cmd",
  "enable-external-sharing",
  "enable-external-masters",
  "lazy-pages",
  "tls-no-cn-verify",
];

function specs(argument: OptionSpec["argument"]): OptionSpec[] {
  return IGNORED[argument].split(" ").flatMap((entry) => {
    const [name, short] = entry.split("=") as [string, string?];
    const spec: OptionSpec = short ? { name, argument, short } : { name, argument };
    const negated = argument === "none" && !NOT_NEGATED.includes(name) && !["s", "R"].includes(short ?? "");
    return negated ? [spec, { name: `no-${name}`, argument }] : [spec];
  });
}

let ignored: readonly OptionSpec[] | undefined;

/** Options that are accepted and mean nothing to a check; made when a word may be one of them. */
export function ignoredOptions(): readonly OptionSpec[] {
  return ignored ??= [
    ...specs("none"),
    ...specs("required"),
    ...specs("optional"),
    { name: "no-default-config", argument: "none" },
  ];
}
