import assert from "node:assert/strict";
import pidfd_store from "../../../probes/pidfd_store.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** A pair whose far end is fetched as 1003; what is read from it. */
const machine = (word: number, size = 4) => ({
  calls: {
    socketpair({ args, memory }: Call) {
      memory.setI32(args[3]!, 1000);
      memory.setI32(args[3]! + 4, 1001);
      return 0;
    },
    pidfd_open: 1002,
    pidfd_getfd: ({ args }: Call) => args[0] === 1002 && args[1] === 1001 ? 1003 : "EBADF",
    write: 4,
    recvfrom({ args, memory }: Call) {
      if (args[0] !== 1003) return "EBADF";
      memory.setU32(args[1]!, word);
      return size;
    },
  },
});
const { calls } = machine(1984);

probeCases(pidfd_store, [
  ["the fetched socket reads what was sent", machine(1984), "SUPPORTED"],
  ["it reads something else", machine(7), "INCONCLUSIVE", /not the socket/],
  ["it reads too little", machine(1984, 2), "INCONCLUSIVE", /not the socket/],
  ["nothing comes", { calls: { ...calls, recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /recvfrom.*EAGAIN/],
  [
    "there is no pidfd_open",
    { calls: { ...calls, pidfd_open: "ENOSYS" } },
    "UNSUPPORTED",
    /pidfd_open\(self\): ENOSYS/,
  ],
  ["there is no pidfd_getfd", { calls: { ...calls, pidfd_getfd: "ENOSYS" } }, "UNSUPPORTED", /pidfd_getfd/],
  ["it is refused without a cause", { calls: { ...calls, pidfd_getfd: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  [
    "a filter refuses a built-in call",
    {
      calls: { ...calls, pidfd_getfd: "EPERM" },
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0000000000000000 T __x64_sys_pidfd_getfd\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
]);

Deno.test("pidfd_store says that criu does not read from the fetched descriptor", () => {
  const finding = probeOn(pidfd_store, { calls: { ...calls, recvfrom: "EAGAIN" } });
  assert.equal(finding.criuDiffers?.verdict, "SUPPORTED");
  assert.equal(probeOn(pidfd_store, { calls: { ...calls, socketpair: "EMFILE" } }).criuDiffers, null);
});
