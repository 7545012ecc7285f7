import { hasAppArmorProfile } from "../../host/lsm.ts";
import { LsmType } from "../../proto/gen/images_pb.ts";
import { type Item, same } from "../item.ts";
import { need, type RestoreContext } from "./context.ts";

const NAMES: Readonly<Record<number, string>> = { [LsmType.SELINUX]: "SELINUX", [LsmType.APPARMOR]: "APPARMOR" };

/** Profiles of a security module, and seccomp filters. */
export function judgeSecurity(context: RestoreContext): Item[] {
  const { facts, host, here } = context;
  const items: Item[] = [];
  const profiles = [...new Set(facts.tasks.flatMap((task) => task.profiles))];
  const was = NAMES[facts.inventory.lsmtype] ?? "NO_LSM";
  if (profiles.length > 0 && was !== "NO_LSM" && was !== here.lsm.criu) {
    items.push(
      need(
        "lsm",
        was,
        here.lsm.criu,
        "blocks",
        `it runs under the profile ${profiles[0]}, and criu refuses to restore it without that module`,
        "restore where the same security module runs",
      ),
    );
  } else if (was === "APPARMOR" && !facts.kinds.has("apparmor")) {
    for (const profile of profiles) {
      const there = hasAppArmorProfile(host, profile.replace(/ \(\w+\)$/, ""));
      if (there === true) continue;
      items.push(
        need(
          `lsm.${profile}`,
          "loaded",
          there === false ? "not loaded" : null,
          there === false ? "blocks" : "unknown",
          there === false
            ? "the process cannot be put under this profile again"
            : "whether the profile is loaded cannot be seen",
          "load it with apparmor_parser",
        ),
      );
    }
  }
  if (facts.tasks.some(({ seccomp }) => seccomp) && !host.exists("/proc/sys/kernel/seccomp/actions_avail")) {
    items.push(
      need(
        "seccomp",
        "needed",
        "not there",
        "blocks",
        "its seccomp filters cannot be set again on this kernel",
        "boot a kernel built with CONFIG_SECCOMP_FILTER=y",
      ),
    );
  }
  return items.length > 0 ? items : [same("security", profiles.join(", ") || "no profile")];
}
