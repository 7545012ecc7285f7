import type { SyscallName } from "../../ffi/arch/arch.ts";
import { errnoNumber } from "../../ffi/errno.ts";
import { message, NLM_F_ACK, NLM_F_DUMP, parseMessages, u32 } from "../../ffi/netlink.ts";
import type { Reply } from "./fake_libc.ts";

/** What the fake kernel answers to a request: an errno's name, or messages before the end. */
export type Answer = string | Uint8Array[];

/** The calls of a machine whose netlink sockets answer as `answer` says, by the type and the body of each request. */
export function fakeNetlink(answer: (type: number, body: Uint8Array) => Answer): Partial<Record<SyscallName, Reply>> {
  let waiting = new Uint8Array();
  return {
    socket: 2000,
    setsockopt: 0,
    sendto({ args: [, at, size], memory }) {
      const datagram = memory.bytes(at!, size!);
      const flags = (i: number) => new DataView(datagram.buffer, datagram.byteOffset).getUint16(i, true);
      let offset = 0;
      for (const { type, body } of parseMessages(datagram)) {
        const wanted = flags(offset + 6);
        offset += (16 + body.length + 3) & ~3;
        if (!(wanted & (NLM_F_ACK | NLM_F_DUMP))) continue;
        const given = answer(type, body);
        const error = typeof given === "string" ? -errnoNumber(given) : 0;
        const end = message((wanted & NLM_F_DUMP) === NLM_F_DUMP && error === 0 ? 3 : 2, 0, u32(error));
        const parts = [...(typeof given === "string" ? [] : given), end];
        waiting = new Uint8Array(parts.flatMap((part) => [...part]));
      }
      return size!;
    },
    recvfrom({ args: [, at], memory }) {
      if (waiting.length === 0) return "EAGAIN";
      memory.write(at!, waiting);
      const size = waiting.length;
      waiting = new Uint8Array();
      return size;
    },
  };
}
