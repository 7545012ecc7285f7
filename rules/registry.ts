import type { Rule } from "./rule.ts";
import { ATTRIBUTES_RULES } from "./attributes.ts";
import { CGROUP_RULES } from "./cgroup.ts";
import { DEVICE_RULES } from "./device.ts";
import { ENVIRONMENT_RULES } from "./environment.ts";
import { FD_RULES } from "./fd.ts";
import { FILE_RULES } from "./file.ts";
import { IPC_RULES } from "./ipc.ts";
import { LOCK_RULES } from "./lock.ts";
import { LSM_RULES } from "./lsm.ts";
import { MEMORY_RULES } from "./memory.ts";
import { MOUNT_RULES } from "./mount.ts";
import { NETDEV_RULES } from "./netdev.ts";
import { NOT_KEPT_RULES } from "./not_kept.ts";
import { NS_RULES } from "./ns.ts";
import { RESTORE_ONLY_RULES } from "./restore_only.ts";
import { SECCOMP_RULES } from "./seccomp.ts";
import { SESSION_RULES } from "./session.ts";
import { SHARING_RULES } from "./sharing.ts";
import { SOCKET_RULES } from "./socket.ts";
import { SOCKET_INET_RULES } from "./socket_inet.ts";
import { SOCKET_OTHER_RULES } from "./socket_other.ts";
import { SOCKET_UNIX_RULES } from "./socket_unix.ts";
import { TIMER_RULES } from "./timer.ts";
import { TREE_RULES } from "./tree.ts";
import { TTY_RULES } from "./tty.ts";

/** Every rule, in the order in which criu meets the kinds of things. */
export const RULES = [
  ...ENVIRONMENT_RULES,
  ...TREE_RULES,
  ...SESSION_RULES,
  ...TTY_RULES,
  ...ATTRIBUTES_RULES,
  ...SHARING_RULES,
  ...MEMORY_RULES,
  ...FD_RULES,
  ...FILE_RULES,
  ...LOCK_RULES,
  ...SOCKET_RULES,
  ...SOCKET_INET_RULES,
  ...SOCKET_UNIX_RULES,
  ...SOCKET_OTHER_RULES,
  ...TIMER_RULES,
  ...IPC_RULES,
  ...NS_RULES,
  ...NETDEV_RULES,
  ...MOUNT_RULES,
  ...CGROUP_RULES,
  ...SECCOMP_RULES,
  ...LSM_RULES,
  ...DEVICE_RULES,
  ...RESTORE_ONLY_RULES,
  ...NOT_KEPT_RULES,
] as const;

/** The name of a rule. */
export type RuleId = (typeof RULES)[number]["id"];

const BY_ID: ReadonlyMap<string, Rule<RuleId>> = new Map(RULES.map((rule) => [rule.id, rule]));

/** The rule of an id. */
export function ruleNamed(id: RuleId): Rule<RuleId> {
  const rule = BY_ID.get(id);
  if (!rule) throw new Error(`there is no rule ${id}`);
  return rule;
}

/** Whether there is a rule of this name. */
export function isRuleId(id: string): id is RuleId {
  return BY_ID.has(id);
}
