import { defineProbe, inconclusive, supported } from "./probe.ts";

// linux/splice.h
const SPLICE_F_NONBLOCK = 2;
const SPLICE_F_GIFT = 8;

export default defineProbe({
  id: "vmsplice_unaligned",
  criuName: null,
  title: "vmsplice(2) of memory that is not aligned to pages",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.6",
  impact: "what waits in a pipe cannot be restored",
  kconfig: ["CONFIG_MMU"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.6 or newer",
  references: ["man:vmsplice(2)", "linux:fs/splice.c", "criu:check_unaligned_vmsplice"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL", "ENOSYS"],
  run({ sys }) {
    const { memory } = sys;
    const [reader, writer] = sys.pipe();
    using _reader = reader;
    using _writer = writer;
    const byte = memory.store([0, 0x2a]) + 1; // an odd address
    const iovec = memory.alloc(16); // struct iovec { void *iov_base; size_t iov_len; }
    memory.setU64(iovec, byte);
    memory.setU64(iovec + 8, 1);
    const call = "vmsplice(pipe, 1 byte, SPLICE_F_GIFT)";
    const sent = sys.ask(call, writer.number, iovec, 1, SPLICE_F_GIFT | SPLICE_F_NONBLOCK);
    const got = memory.alloc(1);
    const read = sys.try("read", reader.number, got, 1);
    return sent === 1 && read === 1 && memory.u8(got) === 0x2a
      ? supported()
      : inconclusive(`${call} answers ${sent}, and the byte does not arrive`);
  },
});
