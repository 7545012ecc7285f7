import assert from "node:assert/strict";
import { PTRACE_PEEKDATA } from "../../../ffi/uapi.ts";
import { type FakeMachine, FILTERED_STATUS, type Reply } from "../fake_libc.ts";
import aio_remap from "../../../probes/aio_remap.ts";
import { probeCases, probeOn } from "../probe_case.ts";

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

const TASK = 4343, UFFD = 2010;
const MAPS = {
  files: { "/proc/4242/maps": `${RING.toString(16)}-7f1200001000 rw-s 00000000 00:13 7 /[aio] (deleted)\n` },
};

/** The same child where io_setup is held at its write: its task has stopped once, and runs from then on. */
function held(calls: Record<string, Reply> = {}, more: Partial<FakeMachine> = MAPS, magic = 0xa10a10a1): FakeMachine {
  let page = 0, looks = 0, killed = false;
  return ring(
    {
      userfaultfd: UFFD,
      ioctl: 0,
      clone: TASK,
      io_setup({ args }) {
        page = args[1]!;
        return 0;
      },
      read({ args: [fd, at], memory }) {
        if (fd !== UFFD) return null;
        memory.setU8(at!, 0x12);
        memory.setU64(at! + 16, page);
        return 32;
      },
      kill({ args: [pid] }) {
        killed ||= pid === TASK;
        return null;
      },
      wait4: ({ args: [pid] }) => pid === TASK && !killed && looks++ > 0 ? 0 : null,
      ...calls,
    },
    magic,
    more,
  );
}

const asked = (machine: FakeMachine) => {
  const { verdict, evidence } = probeOn(aio_remap, machine);
  return { verdict, first: evidence[0]?.call };
};

Deno.test("aio_remap believes a ring that was moved while io_setup was held", () => {
  assert.deepEqual(asked(held()), { verdict: "SUPPORTED", first: "io_setup(16), held while it writes its answer" });
});

for (
  const [name, machine] of [
    ["no userfaultfd is to be had", held({ userfaultfd: "EPERM" })],
    ["none that protects", held({ ioctl: "EINVAL" })],
    ["no second task can be made", held({ clone: "EAGAIN" })],
    ["the second task was made up", held({ clone: 0 })],
    ["io_setup ended before it wrote", held({ read: ({ args: [fd] }) => fd === UFFD ? "EAGAIN" : null })],
    ["the ring is not in the maps", held({}, {})],
    ["the moved ring is unknown", held({ io_getevents: "EINVAL" })],
    ["a filter may make answers up", held({}, { files: { ...MAPS.files, "/proc/self/status": FILTERED_STATUS } })],
  ] as const
) {
  Deno.test(`aio_remap asks as criu does when ${name}`, () => {
    assert.equal(asked(machine).first, "io_setup(16)");
  });
}
