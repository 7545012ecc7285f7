import { defineProbe } from "./probe.ts";
import { asksNamespace } from "./sk_ns.ts";
import { openTun } from "./tun_device.ts";

export default defineProbe({
  id: "tun_ns",
  criuName: "tun_ns",
  title: "network namespace of a TUN device (SIOCGSKNS)",
  category: null,
  subject: "KERNEL",
  since: "4.18",
  impact: "TUN devices cannot be dumped where a process tree has several network namespaces",
  kconfig: ["CONFIG_TUN", "CONFIG_NET_NS"],
  modules: ["tun"],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 4.18 or newer built with CONFIG_TUN and CONFIG_NET_NS=y",
  references: ["linux:drivers/net/tun.c SIOCGSKNS", "criu:check_tun_netns_cr"],
  autoloads: ["tun"],
  criuFaults: [],
  absentOn: ["ENOENT", "ENODEV", "ENXIO", "EBADFD", "EINVAL", "EOPNOTSUPP"],
  run: (kernel) => asksNamespace(kernel, "/dev/net/tun", () => openTun(kernel)),
});
