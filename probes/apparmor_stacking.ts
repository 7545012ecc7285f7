import { readText } from "../ffi/files.ts";
import { SysError } from "../ffi/errno.ts";
import type { Host } from "../host/host.ts";
import { type Answer, blocked, defineProbe, inconclusive, type Remedy, supported, unsupported } from "./probe.ts";

const FOLDER = "/sys/kernel/security/apparmor";
const DOMAIN = `${FOLDER}/features/domain`;

export default defineProbe({
  id: "apparmor_stacking",
  criuName: "apparmor_stacking",
  title: "stacking of AppArmor profiles",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.13",
  impact: "containers with AppArmor namespaces of their own, as LXD makes them, cannot be dumped with their profiles",
  kconfig: ["CONFIG_SECURITY_APPARMOR", "CONFIG_SECURITYFS"],
  modules: [],
  rights: [],
  mend: "boot Linux 4.13 or newer with AppArmor as its security module",
  references: ["linux:security/apparmor/apparmorfs.c", "criu:check_aa_ns_dumping"],
  autoloads: [],
  criuFaults: [{
    when: ["SUPPORTED"],
    applies: (_answer, evidence) => evidence.some(({ answer }) => /^(?!1\.)\d+\.[01]$/.test(answer)),
    says: "UNSUPPORTED",
    why: "it wants 2 or more as the minor number of the version, whatever the major one is",
    reproduce: "a kernel whose apparmor/features/domain/version is 2.0; there is none yet",
  }],
  absentOn: [],
  appliesHere: (host) => host.exists(FOLDER),
  run({ sys, host }) {
    const read = (path: string) => {
      const text = readText(sys, path).trim();
      sys.note(`read(${path})`, text);
      return text;
    };
    try {
      const stack = read(`${DOMAIN}/stack`);
      if (stack !== "yes") return unsupported(`${DOMAIN}/stack has "${stack}" instead of "yes"`);
      const text = read(`${DOMAIN}/version`);
      const version = /^(\d+)\.(\d+)$/.exec(text);
      if (!version) return inconclusive(`${DOMAIN}/version has "${text}", which is no version`);
      const [major, minor] = [Number(version[1]), Number(version[2])];
      if (major > 1 || (major === 1 && minor >= 2)) return supported();
      return unsupported(`${DOMAIN}/version is ${text}, less than 1.2`);
    } catch (error) {
      if (error instanceof SysError && error.code === "ENOENT") return absent(error, host);
      throw error;
    }
  },
});

/** Without the file: the kernel's AppArmor is older, or not to be seen, or not there. */
function absent(error: SysError, host: Host): Answer {
  if (host.exists(`${FOLDER}/features`)) return unsupported(error.message);
  // Only with AppArmor in use can this file be read; it answers EINVAL otherwise.
  const profile = host.read("/proc/self/attr/apparmor/current")?.trim();
  if (profile || host.read("/sys/module/apparmor/parameters/enabled")?.trim() === "Y") {
    return blocked(`${error.message}, though AppArmor is in use`, {
      cause: "MOUNT",
      why: "AppArmor is in use, but securityfs is not mounted on /sys/kernel/security",
      text: "mount it, or run on the host",
      command: "mount -t securityfs securityfs /sys/kernel/security",
    });
  }
  return unsupported(`${error.message}: AppArmor is not in use on this kernel`, whyNot(host));
}

function whyNot(host: Host): Remedy[] | undefined {
  // Without the option, the usual remedies say so.
  if (host.kconfig.value("CONFIG_SECURITY_APPARMOR") === "n") return undefined;
  const option = /(?:^|\s)(apparmor=0|security=\S+|lsm=\S+)/.exec(host.read("/proc/cmdline") ?? "")?.[1];
  return [{
    cause: option ? "BOOT_OPTION" : "UNDETERMINED",
    why: option ? `${option} is on the kernel's command line` : "AppArmor is not among the kernel's security modules",
    text: "boot with apparmor=1 security=apparmor",
    command: null,
  }];
}
