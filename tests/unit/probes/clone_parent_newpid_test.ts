import type { FakeMachine, Reply } from "../fake_libc.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import clone_parent_newpid from "../../../probes/clone_parent_newpid.ts";
import { probeCases } from "../probe_case.ts";

const clones = (clone: Reply, files: Record<string, string> = {}): FakeMachine => ({ calls: { clone }, files });

probeCases(clone_parent_newpid, [
  // The fake counts the new task as a child: it must be killed and its remains taken away.
  ["the task is made", clones(4343), "SUPPORTED"],
  ["the flags do not go together", clones("EINVAL"), "UNSUPPORTED", /CLONE_NEWPID\): EINVAL/],
  ["the capability is missing", clones("EPERM", { "/proc/self/status": NOBODY_STATUS }), "BLOCKED", /EPERM/],
  ["no namespace is allowed", clones("ENOSPC", { "/proc/sys/user/max_pid_namespaces": "0\n" }), "BLOCKED", /ENOSPC/],
  ["namespaces are used up", clones("ENOSPC"), "INCONCLUSIVE", /ENOSPC/],
  ["it is refused without a cause", clones("EPERM"), "INCONCLUSIVE", /EPERM/],
  [
    "children get other pids than ours",
    { calls: { clone: "EINVAL", getpid: ({ child }) => child ? 1 : 4000 } },
    "INCONCLUSIVE",
    /another pid namespace/,
  ],
  ["a filter makes a success up", clones(0), "INCONCLUSIVE", /answers 0/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
