import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import { tryReadText } from "../ffi/files.ts";
import { O_RDWR } from "../ffi/uapi.ts";
import { type Answer, blocked, inconclusive, type Kernel, type Remedy, unsupported } from "./probe.ts";
import { missingRight } from "./rights.ts";

const PATH = "/dev/net/tun";

/** Opens /dev/net/tun, or answers why it cannot be opened; throws where the driver is not there. */
export function openTun(kernel: Kernel): Fd | Answer {
  const { sys, host } = kernel;
  try {
    return sys.open(PATH, O_RDWR);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    sys.note(error.call, error.code, error.code);
    if (error.code === "ENOENT") return withoutNode(kernel, error);
    if (error.code === "EPERM") {
      return blocked(
        error.message,
        device(
          `the device cgroup does not permit ${PATH}: of a device's file the kernel answers a missing mode with EACCES`,
          "permit the device c 10:200 to this cgroup (docker: --device /dev/net/tun; systemd: DeviceAllow=)",
        ),
      );
    }
    if (error.code === "EACCES" && host.mountOptions(PATH)?.includes("nodev")) {
      const why = `${PATH} is on a file system mounted with nodev, which forbids opening devices`;
      return blocked(error.message, { cause: "MOUNT", why, text: "mount it without nodev", command: null });
    }
    const missing = error.code === "EACCES" &&
      missingRight([{ capability: "CAP_DAC_OVERRIDE", over: "initial" }], host);
    if (missing) return blocked(error.message, missing);
    throw error;
  }
}

/** /proc/misc tells which drivers are there, whatever /dev has. */
function withoutNode({ sys, host }: Kernel, error: SysError): Answer {
  const drivers = tryReadText(sys, "/proc/misc") ?? "";
  const listed = /^ *200 tun$/m.test(drivers);
  sys.note("read(/proc/misc)", listed ? "200 tun" : /^ *\d+ \S/m.test(drivers) ? "no tun" : "nothing");
  if (listed) {
    return blocked(
      `${error.message}, and /proc/misc has the driver`,
      device(
        `the kernel has the TUN driver, and this /dev has no ${PATH}`,
        "make the device's file (docker: --device /dev/net/tun)",
        `mkdir -p /dev/net && mknod ${PATH} c 10 200`,
      ),
    );
  }
  if (/^ *\d+ \S/m.test(drivers)) return unsupported(`${error.message}, and /proc/misc has no driver of that name`);
  if (host.kconfig.value("CONFIG_TUN") === "n") return unsupported(`${error.message}, and CONFIG_TUN is not set`);
  return inconclusive(`${error.message}, and /proc/misc, which would name the driver, cannot be read`, [{
    cause: "UNDETERMINED",
    why: "no cause could be verified",
    text: "look whether /proc/misc has tun where /proc is whole, as on the host",
    command: "grep tun /proc/misc",
  }]);
}

function device(why: string, text: string, command: string | null = null): Remedy {
  return { cause: "DEVICE", why, text, command };
}
