import type { FakeMachine, Reply } from "../fake_libc.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import userns from "../../../probes/userns.ts";
import { probeCases } from "../probe_case.ts";

const PR_SET_MM = 35;

interface Answers {
  unshare?: number | string;
  mapSize?: number | string;
  drop?: number | string;
  after?: string;
  files?: Record<string, string>;
}

/** A child in user namespace 1, in 2 after a successful unshare; files of the initial namespace's root otherwise. */
function machine({ unshare = 0, mapSize = 0, drop = 0, after = "user:[2]", files = {} }: Answers = {}): FakeMachine {
  let link = "user:[1]";
  const readlinkat: Reply = ({ args, memory, child }) => {
    const text = child ? link : "user:[4026531837]";
    memory.write(args[2]!, new TextEncoder().encode(text));
    return text.length;
  };
  return {
    files,
    calls: {
      readlinkat,
      prctl: ({ args }) => args[0] === PR_SET_MM ? mapSize : drop,
      unshare() {
        if (unshare === 0) link = after;
        return unshare;
      },
    },
  };
}
const user = (path: string, value: string) => ({ "/proc/self/status": NOBODY_STATUS, [`/proc/sys/${path}`]: value });
const APPARMOR = "kernel/apparmor_restrict_unprivileged_userns";

probeCases(userns, [
  ["the child is in another namespace", machine(), "SUPPORTED"],
  ["an unprivileged user may make one", machine({ files: user("user/max_user_namespaces", "9\n") }), "SUPPORTED"],
  ["PR_SET_MM_MAP is unknown", machine({ mapSize: "EINVAL" }), "UNSUPPORTED", /PR_SET_MM_MAP_SIZE\): EINVAL/],
  ["the flag is unknown", machine({ unshare: "EINVAL" }), "UNSUPPORTED", /CLONE_NEWUSER\): EINVAL/],
  ["there is no such file", { calls: { prctl: 0, readlinkat: "ENOENT" } }, "UNSUPPORTED", /ns\/user\): ENOENT/],
  ["the child stays where it was", machine({ after: "user:[1]" }), "INCONCLUSIVE", /changes nothing/],
  [
    "none is allowed",
    machine({ unshare: "ENOSPC", files: user("user/max_user_namespaces", "0\n") }),
    "BLOCKED",
    /ENOSPC/,
  ],
  [
    "Debian keeps it for root",
    machine({ unshare: "EPERM", files: user("kernel/unprivileged_userns_clone", "0\n") }),
    "BLOCKED",
    /EPERM/,
  ],
  ["AppArmor refuses it", machine({ unshare: "EACCES", files: user(APPARMOR, "1\n") }), "BLOCKED", /EACCES/],
  [
    "AppArmor takes its capabilities",
    machine({ drop: "EPERM", files: user(APPARMOR, "1\n") }),
    "BLOCKED",
    /new namesp/,
  ],
  [
    "it is asked for in a chroot",
    machine({ unshare: "EPERM", files: { "/proc/self/mountinfo": "5 4 0:5 / /proc rw - proc proc rw\n" } }),
    "BLOCKED",
    /EPERM/,
  ],
  [
    "it is refused without a cause",
    machine({ unshare: "EPERM", files: { "/proc/self/mountinfo": "5 4 0:5 / / rw - ext4 /dev/a rw\n" } }),
    "INCONCLUSIVE",
    /EPERM/,
  ],
  ["it is refused, and nothing is known", machine({ unshare: "EPERM" }), "INCONCLUSIVE", /EPERM/],
  ["memory is short", machine({ unshare: "ENOMEM" }), "INCONCLUSIVE", /ENOMEM/],
  ["no child can be made", { ...machine(), clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
