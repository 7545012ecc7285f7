import { SO_BINDTODEVICE } from "../../../ffi/uapi.ts";
import so_gets from "../../../probes/so_gets.ts";
import type { Call, FakeMachine } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** A socket that gives its filter back with `change` added to its last byte, and its device or an errno. */
function socket(filter: number | string, device: number | string, change = 0): NonNullable<FakeMachine["calls"]> {
  let attached = new Uint8Array();
  return {
    socket: 2000,
    setsockopt({ args: [, , , program], memory }: Call) {
      attached = memory.bytes(Number(memory.u64(program! + 8)), 8).slice();
      attached[7]! += change;
      return 0;
    },
    getsockopt({ args: [, , option, at, size], memory }: Call) {
      if (option === SO_BINDTODEVICE) {
        if (typeof device === "string") return device;
        memory.setU32(size!, device);
        return 0;
      }
      if (typeof filter === "string") return filter;
      memory.write(at!, attached);
      memory.setU32(size!, filter);
      return 0;
    },
  };
}

probeCases(so_gets, [
  ["both are read back", { calls: socket(1, 0) }, "SUPPORTED"],
  ["another filter is read", { calls: socket(1, 0, 1) }, "INCONCLUSIVE", /SO_GET_FILTER/],
  ["no filter is read", { calls: socket(0, 0) }, "INCONCLUSIVE", /SO_GET_FILTER/],
  ["a device is read that is not there", { calls: socket(1, 5) }, "INCONCLUSIVE", /5 bytes/],
  ["the filter is unknown", { calls: socket("ENOPROTOOPT", 0) }, "UNSUPPORTED", /SO_GET_FILTER.*ENOPROTOOPT/],
  ["the device is unknown", { calls: socket(1, "ENOPROTOOPT") }, "UNSUPPORTED", /SO_BINDTODEVICE.*ENOPROTOOPT/],
  ["there is no IPv4", { calls: { socket: "EAFNOSUPPORT" } }, "UNSUPPORTED", /EAFNOSUPPORT/],
  ["it fails otherwise", { calls: socket("EFAULT", 0) }, "INCONCLUSIVE", /EFAULT/],
  ["a filter cannot be attached", { calls: { ...socket(1, 0), setsockopt: "ENOMEM" } }, "INCONCLUSIVE", /ENOMEM/],
]);
