import { SysError } from "../ffi/errno.ts";
import type { Subject } from "../ffi/subject.ts";
import { CLONE_NEWNS, MS_PRIVATE } from "../ffi/uapi.ts";
import type { Kernel, Right } from "./probe.ts";
import { TRACING } from "./rights.ts";

/** What `mountChild` needs. */
export const MOUNTING: readonly Right[] = [{ capability: "CAP_SYS_ADMIN", over: "own" }, ...TRACING];

/** The folder on which the child may mount what it likes; every machine on which cready runs has it as a mount. */
export const ROOM = "/proc";

/** The arguments of one mount(2) call: they must be cut from the memory before the child is made. */
export interface MountCall {
  /** As a person would write it, such as `mount(tmpfs)`. */
  readonly text: string;
  readonly args: readonly number[];
}

/** Prepares `mount(source, target, type, flags, data)`; without a type for changes of a mount. */
export function mountCall({ sys }: Kernel, type: string, target: string, flags = 0, data = "", source = ""): MountCall {
  const at = (text: string) => text === "" ? 0 : sys.memory.cstring(text);
  const named = at(source || (type ? "cready" : ""));
  return { text: `mount(${type || source || target})`, args: [named, at(target), at(type), flags, at(data)] };
}

/** A child with mounts of its own; what it mounts on `ROOM` reaches nobody else and ends with it. */
export function mountChild(kernel: Kernel): Subject {
  const separate = mountCall(kernel, "", ROOM, MS_PRIVATE);
  const child = kernel.subject({ cloneFlags: CLONE_NEWNS, cloneText: "CLONE_NEWNS" });
  try {
    const refused = child.sys.try("mount", ...separate.args);
    if (refused < 0) throw new SysError(`mount(${ROOM}, MS_PRIVATE)`, -refused);
    return child;
  } catch (error) {
    child[Symbol.dispose]();
    throw error;
  }
}
