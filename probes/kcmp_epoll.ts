import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

/** KCMP_EPOLL_TFD, linux/kcmp.h: is a descriptor the target of an epoll set? */
const KCMP_EPOLL_TFD = 7;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

export default defineProbe({
  id: "kcmp_epoll",
  criuName: "kcmp_epoll",
  title: "kcmp(2) with KCMP_EPOLL_TFD",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.13",
  impact: "no process can be dumped whose epoll set watches a descriptor that was duplicated or closed since",
  kconfig: ["CONFIG_EPOLL", "CONFIG_KCMP", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [],
  mend: "boot Linux 4.13 or newer built with CONFIG_EPOLL=y and CONFIG_KCMP=y (before Linux 5.12: " +
    "CONFIG_CHECKPOINT_RESTORE=y)",
  references: ["man:kcmp(2)", "linux:kernel/kcmp.c kcmp_epoll_target", "criu:has_kcmp_epoll_tfd"],
  autoloads: [],
  criuFaults: [],
  // The set and its target are good, so that EINVAL can only mean the type.
  absentOn: ["EINVAL", "ENOSYS", "EOPNOTSUPP"],
  run({ sys, pid }) {
    const { memory } = sys;
    using set = sys.fd("epoll_create1(0)", 0);
    const [reader, writer] = sys.pipe();
    using target = reader;
    using _writer = writer;
    const event = memory.alloc(sys.arch.epollEvent.size);
    memory.setU32(event, EPOLLIN);
    sys.call("epoll_ctl", set.number, EPOLL_CTL_ADD, target.number, event);
    const slot = memory.alloc(12); // struct kcmp_epoll_slot { u32 efd, tfd, toff; }
    memory.setU32(slot, set.number);
    memory.setU32(slot + 4, target.number);
    const order = sys.ask("kcmp(self, self, KCMP_EPOLL_TFD)", pid, pid, KCMP_EPOLL_TFD, target.number, slot);
    if (order !== 0) return unsupported(`kcmp(self, self, KCMP_EPOLL_TFD) answers ${order} instead of 0`);
    // The descriptor was added once, so there is no second one to find; a filter that makes up a 0 finds it.
    memory.setU32(slot + 8, 1);
    const call = "kcmp(self, self, KCMP_EPOLL_TFD, the second of one)";
    const second = sys.look(call, pid, pid, KCMP_EPOLL_TFD, target.number, slot);
    return second < 0 ? supported() : inconclusive(`${call} answers ${second}, and there is none`);
  },
});
