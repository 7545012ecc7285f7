import { PTRACE_PEEKDATA } from "../../../ffi/uapi.ts";
import type { FakeMachine, Reply } from "../fake_libc.ts";
import aio_remap from "../../../probes/aio_remap.ts";
import { probeCases } from "../probe_case.ts";

const RING = 0x7f1200000000;

/** A child with a ring of 127 events at RING. */
function ring(calls: Record<string, Reply> = {}, magic = 0xa10a10a1, more: Partial<FakeMachine> = {}): FakeMachine {
  return {
    ...more,
    calls: {
      io_setup({ args, memory }) {
        memory.setU64(args[1]!, RING);
        return 0;
      },
      // One page, as 127 events and the header take.
      mremap: ({ args }) => args[0] === RING && args[1] === 4096 ? args[4]! : "EFAULT",
      io_getevents: 0,
      ...calls,
    },
    ptrace: {
      [PTRACE_PEEKDATA]({ args, memory }) {
        const [, , address, at] = args as [number, number, number, number];
        if (address < RING) memory.setU64(at, memory.u64(address));
        else if (address === RING) memory.setU64(at, 127n << 32n);
        else memory.setU64(at, address === RING + 16 ? magic : 0);
        return 0;
      },
    },
  };
}
const sysctls = (used: string, max: string) => ({
  files: { "/proc/sys/fs/aio-nr": used, "/proc/sys/fs/aio-max-nr": max },
});

probeCases(aio_remap, [
  ["the moved ring is known", ring(), "SUPPORTED"],
  ["the moved ring is unknown", ring({ io_getevents: "EINVAL" }), "UNSUPPORTED", /io_getevents.*EINVAL/],
  ["the ring cannot be moved", ring({ mremap: "EINVAL" }), "UNSUPPORTED", /mremap.*EINVAL/],
  ["there is no AIO", ring({ io_setup: "ENOSYS" }), "UNSUPPORTED", /io_setup.*ENOSYS/],
  ["events come from nowhere", ring({ io_getevents: 1 }), "INCONCLUSIVE", /1 events/],
  ["there is no ring", ring({}, 0), "INCONCLUSIVE", /no address/],
  ["all requests are taken", ring({ io_setup: "EAGAIN" }, 0, sysctls("65530\n", "65536\n")), "BLOCKED", /EAGAIN/],
  ["none are allowed", ring({ io_setup: "EAGAIN" }, 0, sysctls("0\n", "0\n")), "BLOCKED", /EAGAIN/],
  ["enough are free", ring({ io_setup: "EAGAIN" }, 0, sysctls("0\n", "65536\n")), "INCONCLUSIVE", /EAGAIN/],
  ["none can be counted", ring({ io_setup: "EAGAIN" }), "INCONCLUSIVE", /EAGAIN/],
  ["memory is short", ring({ io_setup: "ENOMEM" }), "INCONCLUSIVE", /ENOMEM/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
