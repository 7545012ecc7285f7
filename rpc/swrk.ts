import { Fd } from "../ffi/fd.ts";
import type { Libc } from "../ffi/libc.ts";
import { POLLIN, PollList, POLLOUT } from "../ffi/poll.ts";
import { Sys } from "../ffi/sys.ts";
import { type AnswerOptions, Answers } from "./answers.ts";
import { Exchange } from "./exchange.ts";

/** Answers one client on a descriptor that was inherited from it; why it could not, null where it did. */
export function serveOne(libc: Libc, fd: number, options: AnswerOptions): string | null {
  const sys = new Sys(libc, []);
  const list = new PollList(libc, 1);
  using client = new Exchange(sys, new Fd(sys, fd));
  while (!client.over) {
    list.clear();
    list.add(client.number, client.sending ? POLLOUT : POLLIN);
    list.waitHere();
    if (!client.advance()) continue;
    using answers = new Answers(libc, options);
    client.answer(answers);
  }
  return client.fault;
}
