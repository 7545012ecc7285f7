/** The layouts of C structs that the program relies on are those of the headers, on both architectures. */
import assert from "node:assert/strict";
import { aarch64 } from "../../ffi/arch/aarch64.ts";
import type { Arch } from "../../ffi/arch/arch.ts";
import { x86_64 } from "../../ffi/arch/x86_64.ts";
import { root, type Target, TARGETS, values } from "./c.ts";

const ARCHES: Readonly<Record<Target, Arch>> = { x86_64, aarch64: aarch64() };

/** What fields are called in the headers where that is not their name here. */
const FIELDS: Readonly<Record<string, (field: string) => string>> = {
  statx: (field) => `stx_${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
  sockaddr_in6: (field) => `sin6_${field === "address" ? "addr" : field}`,
};
/** One that the kernel takes in a shorter form too, as it was at first or later: CLONE_ARGS_SIZE_VER1. */
const SHORTER = ["clone_args"];
/** Those of libc's headers. */
const LIBC = ["ucred", "sigevent"];
/** Some name parts of fields: statx's times are structs. */
const nested = (field: string) =>
  field.replace(/stx_btime_sec/, "stx_btime.tv_sec").replace(/stx_btime_nsec/, "stx_btime.tv_nsec");

/** `struct("NAME", SIZE, { FIELD: [OFFSET, "TYPE"] … })` of all sources. */
function declared(): { name: string; size: number; fields: [string, number, number][]; file: string }[] {
  const found: ReturnType<typeof declared> = [];
  const BYTES: Record<string, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 };
  const walk = (folder: URL) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory) {
        walk(path);
        continue;
      }
      if (!name.endsWith(".ts")) continue;
      for (
        const [, struct, size, body] of Deno.readTextFileSync(path).matchAll(/\bstruct\("(\w+)", (\d+), \{([^}]*)\}/g)
      ) {
        const fields = [...body!.matchAll(/(\w+): \[(\d+), "(\w+)"\]/g)].map(
          ([, field, offset, type]): [string, number, number] => [field!, Number(offset), BYTES[type!]!],
        );
        found.push({ name: struct!, size: Number(size), fields, file: path.pathname.slice(root.pathname.length) });
      }
    }
  };
  for (const folder of ["ffi", "probes", "inspect", "images", "fleet", "rpc", "host", "server", "cli"]) {
    walk(new URL(`${folder}/`, root));
  }
  return found;
}

/** Offsets and sizes that are written as numbers: what they are in C, and what the program takes them for. */
const KERNEL = {
  "sizeof(struct sigaction)": 32,
  "offsetof(struct sigaction, sa_mask)": 24,
  "sizeof(struct siginfo)": 128,
  "offsetof(struct siginfo, si_code)": 8,
  "sizeof(struct sock_filter)": 8,
  "offsetof(struct sock_filter, k)": 4,
  "sizeof(struct sock_fprog)": 16,
  "offsetof(struct sock_fprog, filter)": 8,
  "offsetof(struct seccomp_data, nr)": 0,
  "offsetof(struct seccomp_data, arch)": 4,
  "sizeof(struct nlmsghdr)": 16,
  "sizeof(struct nlattr)": 4,
  "sizeof(struct ifinfomsg)": 16,
  "sizeof(struct nfgenmsg)": 4,
  "sizeof(struct ptrace_peeksiginfo_args)": 16,
  "offsetof(struct ptrace_peeksiginfo_args, nr)": 12,
  "sizeof(struct kcmp_epoll_slot)": 12,
  "sizeof(struct io_event)": 32,
  "sizeof(struct new_utsname)": 390,
  "offsetof(struct perf_event_attr, config)": 8,
  "offsetof(struct perf_event_attr, read_format) + 8": 40,
  "sizeof(struct unix_diag_req)": 24,
  "sizeof(struct inet_diag_req_v2)": 56,
  "sizeof(struct inet_diag_msg)": 72,
  "sizeof(struct unix_diag_msg)": 16,
  "sizeof(struct packet_diag_msg)": 16,
  "sizeof(struct packet_diag_mclist)": 44,
} as const;
const WITH_LIBC = {
  "sizeof(struct msghdr)": 56,
  "offsetof(struct msghdr, msg_iov)": 16,
  "offsetof(struct msghdr, msg_iovlen)": 24,
  "offsetof(struct msghdr, msg_control)": 32,
  "offsetof(struct msghdr, msg_controllen)": 40,
  "CMSG_LEN(sizeof(int))": 20,
  "CMSG_SPACE(sizeof(int))": 24,
  "offsetof(struct cmsghdr, cmsg_level)": 8,
  "offsetof(struct cmsghdr, cmsg_type)": 12,
  "sizeof(struct iovec)": 16,
  "sizeof(struct timespec)": 16,
  "sizeof(struct timeval)": 16,
  "sizeof(struct itimerspec)": 32,
  "sizeof(struct pollfd)": 8,
  "offsetof(struct pollfd, revents)": 6,
  "offsetof(struct winsize, ws_col)": 2,
  "sizeof(struct statfs)": 120,
  "offsetof(struct statfs, f_type)": 0,
  "offsetof(struct dirent64, d_reclen)": 16,
  "offsetof(struct dirent64, d_type)": 18,
  "offsetof(struct dirent64, d_name)": 19,
  "sizeof(struct sockaddr_un)": 110,
  "sizeof(struct sockaddr_in)": 16,
  "sizeof(struct rlimit)": 16,
  "sizeof(struct file_handle)": 8,
  "sizeof(void *)": 8,
} as const;

/** Which C fields hold what is needed of the registers. */
const REGISTERS = {
  x86_64: {
    struct: "struct user_regs_struct",
    number: "rax",
    args: ["rdi", "rsi", "rdx", "r10", "r8", "r9"],
    result: "rax",
    next: "rip",
    stack: "rsp",
  },
  aarch64: {
    struct: "struct user_regs_struct",
    number: "regs[8]",
    args: ["regs[0]", "regs[1]", "regs[2]", "regs[3]", "regs[4]", "regs[5]"],
    result: "regs[0]",
    next: "pc",
    stack: "sp",
  },
} as const;

const check = (target: Target, kind: "kernel" | "libc", expected: Readonly<Record<string, number>>) => {
  const names = Object.keys(expected);
  const real = values(target, kind, names);
  assert.deepEqual(Object.fromEntries(names.map((name, i) => [name, real[i]])), expected);
};

for (const target of Object.keys(TARGETS) as Target[]) {
  const arch = ARCHES[target];

  Deno.test(`every struct of the sources has the layout of the headers on ${target}`, () => {
    const structs = declared();
    assert(structs.length > 15, `${structs.length} structs found`);
    for (const kind of ["kernel", "libc"] as const) {
      const expected: Record<string, number> = {};
      for (const { name, size, fields } of structs) {
        if (LIBC.includes(name) !== (kind === "libc")) continue;
        const c = (field: string) => nested(FIELDS[name]?.(field) ?? field);
        if (!SHORTER.includes(name)) expected[`sizeof(struct ${name})`] = size;
        for (const [field, offset, bytes] of fields) {
          if (name === "sigevent" && field === "sigev_value") expected["sizeof(union sigval)"] = bytes;
          expected[`offsetof(struct ${name}, ${c(field)})`] = offset;
          // The first part of an address is read as a number.
          if (field !== "address") expected[`sizeof(((struct ${name} *)0)->${c(field)})`] = bytes;
        }
      }
      check(target, kind, expected);
    }
  });

  Deno.test(`what is written as a number is what the headers say on ${target}`, () => {
    check(target, "kernel", KERNEL);
    check(target, "libc", WITH_LIBC);
    check(target, "libc", {
      "sizeof(struct epoll_event)": arch.epollEvent.size,
      "offsetof(struct epoll_event, data)": arch.epollEvent.dataOffset,
    });
  });

  Deno.test(`a system call is put into the registers that ptrace moves on ${target}`, () => {
    const { struct, number, args, result, next, stack } = REGISTERS[target];
    const offsets = [number, ...args, result, next, stack].map((field) => `offsetof(${struct}, ${field})`);
    const [size, nr, a, b, c, d, e, f, out, pc, sp] = values(target, "libc", [`sizeof(${struct})`, ...offsets]);
    assert.equal(arch.registersSize, size);
    const view = new DataView(new ArrayBuffer(size!));
    arch.prepareSyscall(view, 0x4000, 77, [11, 12, 13, 14, 15, 16]);
    const at = (offset: number | undefined) => Number(view.getBigInt64(offset!, true));
    assert.deepEqual([nr, a, b, c, d, e, f, pc].map(at), [77, 11, 12, 13, 14, 15, 16, 0x4000]);
    view.setBigInt64(pc!, 0x4004n, true);
    view.setBigInt64(out!, -2n, true);
    assert.equal(arch.syscallResult(view), -2n);
    view.setBigInt64(sp!, 0x10000n, true);
    arch.prepareJump(view, 0x5000);
    assert.equal(at(pc), 0x5000);
    assert(at(sp) < 0x10000);
  });
}

Deno.test("a hardware breakpoint of aarch64 is described as asm/ptrace.h has it", () => {
  check("aarch64", "kernel", {
    "offsetof(struct user_hwdebug_state, dbg_regs[0].addr)": 8,
    "offsetof(struct user_hwdebug_state, dbg_regs[0].ctrl)": 16,
    "offsetof(struct user_hwdebug_state, dbg_regs[1])": 24,
    "sizeof(struct user_pt_regs)": aarch64().registersSize,
    NT_ARM_HW_BREAK: 0x402,
    PSR_BTYPE_MASK: 0xc00,
  });
});
