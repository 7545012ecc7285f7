import { type RuleId, ruleNamed } from "../rules/registry.ts";

/** Kinds of things that a pre-dump looks at: it takes hold of the tasks and copies their memory (pre_dump_one_task). */
const RESOURCES = ["environment", "tree", "lsm", "memory"];
/** Of these, what it leaves to the dump: files behind mappings, and what is written down with the mappings. */
const LEFT = ["mem-file-deleted", "mem-file-other-mntns", "mem-sysv-shm", "mem-packet-ring", "mem-packet-ring-unknown"];
/** What it meets of the others. */
const MET = [
  "seccomp-strict",
  "seccomp-dumper",
  "attr-32bit",
  "attr-32bit-s390",
  "attr-32bit-arm",
  "attr-ldt",
  "attr-exec-vma",
  "fd-inotify-handle",
  "fd-inotify-tmpfs-gone",
  "fd-inotify-unknown-dev",
  "dev-cuda-predump",
];

/** Whether `criu pre-dump` can be refused by a rule, and not only the dump after it. */
export function metByPreDump(rule: RuleId): boolean {
  return MET.includes(rule) || (RESOURCES.includes(ruleNamed(rule).resource) && !LEFT.includes(rule));
}
