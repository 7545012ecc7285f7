/** A container as container engines make it: runc, with the surroundings that docker gives it by default. */
import { type Result, run } from "../cli/binary.ts";
import type { Profile } from "./seccomp.ts";

/** What docker gives to root in a container (moby: oci/caps/defaults.go). */
export const DOCKER_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

/** What podman gives: less, since version 4 (containers/common: pkg/config/default.go). */
export const PODMAN_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

/** Hidden and read-only paths of docker's default (moby: oci/defaults.go). */
const MASKED = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** What is put into a container. */
export interface ContainerOptions {
  readonly capabilities: readonly string[];
  readonly seccomp?: Profile;
  readonly noNewPrivileges?: boolean;
  /** Neither hides /proc/kcore and the like nor makes /proc/sys read-only (docker: systempaths=unconfined). */
  readonly unmasked?: boolean;
  /** A user other than root. */
  readonly uid?: number;
  /** A user namespace of its own, as with rootless engines and docker's userns-remap. */
  readonly userNamespace?: boolean;
  /** Devices of the host beside those that every container has, by path and number. */
  readonly devices?: readonly { readonly path: string; readonly major: number; readonly minor: number }[];
  /** Namespaces shared with the host, such as `net` of docker's --network=host. */
  readonly shared?: readonly ("network" | "pid" | "ipc")[];
  /** Folders of the host that are bound to the same place, read-only. */
  readonly folders: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The names of all containers that were made. */
export const made: string[] = [];

const NAMESPACES = ["pid", "network", "ipc", "uts", "mount", "cgroup"] as const;

/** Runs a program in a container of its own; nothing of it is left. */
export async function contained(argv: readonly string[], options: ContainerOptions): Promise<Result> {
  const folder = await Deno.makeTempDir({ prefix: "cready-container-" });
  const id = folder.slice(folder.lastIndexOf("/") + 1);
  made.push(id);
  const runc = ["runc", "--root", `${folder}/state`];
  try {
    await Deno.chmod(folder, 0o755);
    await Deno.mkdir(`${folder}/rootfs/etc`, { recursive: true });
    // As Debian has them; what they point to is bound from the host.
    for (const name of ["bin", "sbin", "lib", "lib64"]) await Deno.symlink(`usr/${name}`, `${folder}/rootfs/${name}`);
    if (options.userNamespace) await chown(folder, REMAPPED);
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(configuration(argv, options)));
    return await run([...runc, "run", "--bundle", folder, id]);
  } finally {
    // It is gone already, unless it hung and was killed.
    await run([...runc, "delete", "--force", id]);
    await Deno.remove(folder, { recursive: true });
  }
}

/** The first of the users that a user namespace's users are on the host. */
const REMAPPED = 700_000_000;

async function chown(folder: string, uid: number): Promise<void> {
  for (const path of [`${folder}/rootfs`, `${folder}/rootfs/etc`]) await Deno.chown(path, uid, uid);
}

function configuration(argv: readonly string[], options: ContainerOptions) {
  const { capabilities, uid = 0, shared = [] } = options;
  const ids = [{ containerID: 0, hostID: REMAPPED, size: 65536 }];
  // Another user than root has none of them, but may get them by a program that gives them.
  const held = uid === 0 ? capabilities : [];
  const readOnly = ["nosuid", "noexec", "nodev", "ro"];
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid, gid: uid },
      args: argv,
      env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
      cwd: "/",
      capabilities: { bounding: capabilities, effective: held, permitted: held },
      noNewPrivileges: options.noNewPrivileges ?? false,
    },
    root: { path: "rootfs" },
    hostname: "container",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755"] },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
      },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777"] },
      // With the host's network a sysfs of its own may not be made.
      shared.includes("network")
        ? { destination: "/sys", type: "bind", source: "/sys", options: ["rbind", ...readOnly] }
        : { destination: "/sys", type: "sysfs", source: "sysfs", options: readOnly },
      { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
      { destination: "/run", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=755"] },
      ...["/usr", ...options.folders].map((path) => ({
        destination: path,
        type: "bind",
        source: path,
        options: ["rbind", "ro"],
      })),
    ],
    linux: {
      namespaces: [
        ...NAMESPACES.filter((kind) => !shared.some((one) => one === kind)).map((type) => ({ type })),
        ...(options.userNamespace ? [{ type: "user" }] : []),
      ],
      ...(options.userNamespace ? { uidMappings: ids, gidMappings: ids } : {}),
      devices: (options.devices ?? []).map((device) => ({ ...device, type: "c", fileMode: 0o666 })),
      resources: {
        devices: [
          { allow: false, access: "rwm" },
          ...(options.devices ?? []).map(({ major, minor }) => ({
            allow: true,
            type: "c",
            major,
            minor,
            access: "rwm",
          })),
        ],
      },
      maskedPaths: options.unmasked ? [] : MASKED,
      readonlyPaths: options.unmasked ? [] : READ_ONLY,
      ...(options.seccomp ? { seccomp: options.seccomp } : {}),
    },
  };
}
