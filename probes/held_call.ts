import { SysError } from "../ffi/errno.ts";
import type { SyscallName } from "../ffi/arch/arch.ts";
import type { Subject } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../ffi/uapi.ts";
import { DEADLINE_MS } from "../ffi/wait.ts";

// linux/userfaultfd.h
const UFFD_API = 0xaa;
const UFFDIO_API = 0xc018aa3f;
const UFFDIO_REGISTER = 0xc020aa00;
const UFFDIO_WRITEPROTECT = 0xc018aa06;
const UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1;
const UFFDIO_REGISTER_MODE_WP = 2;
const UFFDIO_WRITEPROTECT_MODE_WP = 1;
const UFFD_EVENT_PAGEFAULT = 0x12;
/** struct uffd_msg: u8 event, …; u64 flags, address from byte 8. */
const MESSAGE_BYTES = 32;

/** What `holdCall` needs of the memory, cut before the child is made. */
export interface Hold {
  /** The page to which the call that shall be held writes. */
  readonly page: number;
  readonly api: number;
  readonly range: number;
  readonly message: number;
}

/** Cuts the memory for `holdCall`. */
export function cutHold({ memory, page: size }: Sys): Hold {
  const page = memory.alloc(size, size);
  const words = (...values: number[]) => {
    const at = memory.alloc(values.length * 8);
    values.forEach((value, i) => memory.setU64(at + i * 8, value));
    return at;
  };
  return {
    page,
    api: words(UFFD_API, UFFD_FEATURE_PAGEFAULT_FLAG_WP, 0),
    // struct uffdio_register and, but for its last word, struct uffdio_writeprotect.
    range: words(page, size, UFFDIO_REGISTER_MODE_WP, 0, page, size, UFFDIO_WRITEPROTECT_MODE_WP),
    message: memory.alloc(MESSAGE_BYTES),
  };
}

/**
 * Lets a second task of the child begin a system call that writes its answer to `hold.page`, and holds it there: the
 * page is protected by a userfaultfd that nobody answers. Killed, the task sees its write fail. The child is to be
 * made with PTRACE_O_TRACECLONE. Returns the task, or throws `SysError` where none can be held (no userfaultfd for
 * faults of the kernel, none that protects, the call ended before it wrote).
 */
export function holdCall(child: Subject, hold: Hold, name: SyscallName, args: readonly number[]): Subject {
  const { sys } = child;
  const uffd = sys.call("userfaultfd", O_CLOEXEC | O_NONBLOCK);
  sys.call("ioctl", uffd, UFFDIO_API, hold.api);
  sys.call("ioctl", uffd, UFFDIO_REGISTER, hold.range);
  sys.call("ioctl", uffd, UFFDIO_WRITEPROTECT, hold.range + 32);
  const task = child.twin();
  try {
    task.begin(name, args);
    for (const until = performance.now() + DEADLINE_MS;;) {
      const got = sys.try("read", uffd, hold.message, MESSAGE_BYTES);
      if (got === MESSAGE_BYTES && held(child, hold)) return task;
      if (got !== -11 /* EAGAIN */ || task.poll() || performance.now() > until) throw new SysError(`${name}()`, 11);
    }
  } catch (error) {
    task[Symbol.dispose]();
    throw error;
  }
}

/** Whether the message of the userfaultfd tells of the page. */
function held(child: Subject, { message, page }: Hold): boolean {
  const view = new DataView(child.read(message, MESSAGE_BYTES).buffer);
  return view.getUint8(0) === UFFD_EVENT_PAGEFAULT && Number(view.getBigUint64(16, true)) === page;
}
