import { Fd } from "../ffi/fd.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

const CLOCK_MONOTONIC = 1;
const TFD_IOC_SET_TICKS = 0x40085400;
const TICKS = 7;

export default defineProbe({
  id: "timerfd",
  criuName: "timerfd",
  title: "timerfd ticks that can be set (TFD_IOC_SET_TICKS)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.17",
  impact: "no process that has a timerfd can be restored",
  kconfig: ["CONFIG_TIMERFD", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.17 or newer built with CONFIG_TIMERFD=y and CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:timerfd_create(2)", "linux:fs/timerfd.c timerfd_ioctl", "criu:check_timerfd"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOSYS", "ENOTTY"],
  run({ sys }) {
    const ticks = sys.memory.alloc(8);
    sys.memory.setU64(ticks, TICKS);
    const flags = O_CLOEXEC | O_NONBLOCK;
    using timer = new Fd(sys, sys.ask("timerfd_create(CLOCK_MONOTONIC)", CLOCK_MONOTONIC, flags));
    sys.ask(`ioctl(timerfd, TFD_IOC_SET_TICKS, ${TICKS})`, timer.number, TFD_IOC_SET_TICKS, ticks);
    sys.memory.setU64(ticks, 0);
    sys.call("read", timer.number, ticks, 8);
    const told = Number(sys.memory.u64(ticks));
    sys.note("read(timerfd)", `${told} ticks`);
    return told === TICKS ? supported() : inconclusive(`the timerfd tells ${told} ticks after ${TICKS} were set`);
  },
});
