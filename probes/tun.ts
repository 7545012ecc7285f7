import { errnoName } from "../ffi/errno.ts";
import { blocked, defineProbe, inconclusive, type Right, supported } from "./probe.ts";
import { missingRight } from "./rights.ts";
import { openTun } from "./tun_device.ts";

const TUNSETIFINDEX = 0x400454da;
const EFAULT = 14;
/** TUNSETIFF, by which CRIU makes the device again, needs it in the network namespace that CRIU restores. */
const MAKING: readonly Right[] = [{ capability: "CAP_NET_ADMIN", over: "own" }];

export default defineProbe({
  id: "tun",
  criuName: "tun",
  title: "TUN devices with a chosen interface index",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.12",
  impact: "no process that holds a TUN or TAP device, such as a VPN, can be dumped or restored",
  kconfig: ["CONFIG_TUN"],
  modules: ["tun"],
  rights: [],
  mend: "boot a kernel built with CONFIG_TUN=y or =m",
  references: [
    "linux:Documentation/networking/tuntap.rst",
    "linux:drivers/net/tun.c TUNSETIFINDEX",
    "criu:check_tun_cr",
  ],
  autoloads: ["tun"],
  criuFaults: [{
    when: ["UNSUPPORTED", "BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) => evidence.some(({ call, errno }) => call.startsWith("open(") && errno !== null),
    onlyInCategory: true,
    says: "SUPPORTED",
    why:
      "in a category it prints an error and takes a /dev/net/tun that cannot be opened for a yes; --feature tun says no",
    reproduce: "criu check --extra in a container without /dev/net/tun",
  }, {
    when: ["BLOCKED"],
    applies: (_answer, evidence) => evidence.some(({ call, errno }) => call.startsWith("ioctl(") && errno === null),
    says: "SUPPORTED",
    why: "it asks with TUNSETIFINDEX only, which needs no right; making the device again takes CAP_NET_ADMIN",
    reproduce: "criu check --feature tun without CAP_NET_ADMIN",
  }],
  absentOn: ["ENODEV", "ENXIO", "EBADFD", "EINVAL"],
  run(kernel) {
    const { sys, host } = kernel;
    const opened = openTun(kernel);
    if ("verdict" in opened) return opened;
    using tun = opened;
    const index = sys.memory.alloc(8);
    sys.memory.setU32(index, 13);
    sys.ask("ioctl(/dev/net/tun, TUNSETIFINDEX, 13)", tun.number, TUNSETIFINDEX, index);
    // A filter that made that up makes this up too; the kernel reads the number.
    const nowhere = "ioctl(/dev/net/tun, TUNSETIFINDEX, no address)";
    const read = sys.try("ioctl", tun.number, TUNSETIFINDEX, 0);
    if (read !== -EFAULT) {
      return inconclusive(`${nowhere} answers ${read < 0 ? errnoName(-read) : read} instead of EFAULT`);
    }
    const missing = missingRight(MAKING, host);
    return missing
      ? blocked(`${missing.why}, and TUNSETIFF makes a device with CAP_NET_ADMIN only`, missing)
      : supported();
  },
});
