import type { Fd } from "../ffi/fd.ts";
import { struct } from "../ffi/struct.ts";
import type { Sys } from "../ffi/sys.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

const UFFDIO_API = 0xc018aa3f;
const UFFD_API = 0xaa;
const API = struct("uffdio_api", 24, { api: [0, "u64"], features: [8, "u64"], ioctls: [16, "u64"] });

/** A new userfaultfd, as CRIU opens it: for faults inside the kernel too. */
export function openUffd(sys: Sys): Fd {
  return sys.fd("userfaultfd(0)", O_CLOEXEC | O_NONBLOCK);
}

/** struct uffdio_api as the kernel filled it in. */
export interface Handshake {
  readonly api: number;
  readonly features: number;
  /** One bit for each request that it takes; none when nobody answered. */
  readonly ioctls: number;
}

/** Agrees on the API with those features switched on; what the kernel answers. `text` names the features. */
export function shakeHands(sys: Sys, uffd: Fd, text: string, features = 0): Handshake {
  const at = API.pack(sys.memory, { api: UFFD_API, features });
  sys.ask(`ioctl(userfaultfd, UFFDIO_API, ${text})`, uffd.number, UFFDIO_API, at);
  const told = (field: "api" | "features" | "ioctls") => API.get(sys.memory, at, field);
  return { api: told("api"), features: told("features"), ioctls: told("ioctls") };
}

export default defineProbe({
  id: "uffd",
  criuName: "uffd",
  title: "userfaultfd(2)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.3",
  impact: "lazy migration is impossible: memory cannot be brought after the processes run (--lazy-pages)",
  kconfig: ["CONFIG_USERFAULTFD"],
  modules: [],
  rights: [{ sysctl: "vm/unprivileged_userfaultfd", min: 1, unless: "CAP_SYS_PTRACE" }],
  mend: "boot Linux 4.3 or newer built with CONFIG_USERFAULTFD=y",
  references: ["man:userfaultfd(2)", "linux:fs/userfaultfd.c", "criu:kerndat_uffd"],
  autoloads: [],
  criuFaults: [notAskedUnprivileged("uffd")],
  absentOn: ["ENOSYS"],
  run(kernel) {
    const { sys } = kernel;
    noteUser(kernel);
    using uffd = openUffd(sys);
    const { api, ioctls } = shakeHands(sys, uffd, "0");
    if (api !== UFFD_API) return inconclusive(`UFFDIO_API answers API ${api}, CRIU knows ${UFFD_API} only`);
    return ioctls === 0 ? inconclusive("UFFDIO_API tells no request that the userfaultfd would take") : supported();
  },
});
