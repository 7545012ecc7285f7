import { SysError } from "./errno.ts";

const SPAWN = {
  // int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  // int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int newfd)
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  // int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  // int posix_spawnattr_init(posix_spawnattr_t *attr)
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  // int posix_spawnattr_setflags(posix_spawnattr_t *attr, short flags)
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  // int posix_spawnattr_setsigdefault(posix_spawnattr_t *attr, const sigset_t *sigdefault)
  posix_spawnattr_setsigdefault: { parameters: ["buffer", "buffer"], result: "i32" },
  // int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
  //                 char *const argv[], char *const envp[])
  posix_spawn: { parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "pointer"], result: "i32" },
  // char **environ
  environ: { type: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const POSIX_SPAWN_SETSIGDEF = 4;
/** Larger than the opaque structs of any libc: 80 and 336 bytes in glibc. */
const OPAQUE_BYTES = 1024;
const SIGSET_BYTES = 128;

/**
 * Starts this program again with other words, its standard input being `input`; standard output and error are ours,
 * signals that are ignored here have their default action there. Returns its pid. Throws `SysError`.
 */
export function spawnSelf(words: readonly string[], input: number): number {
  const { symbols: libc } = Deno.dlopen("libc.so.6", SPAWN);
  const actions = new Uint8Array(OPAQUE_BYTES), attributes = new Uint8Array(OPAQUE_BYTES);
  const strings = words.map(cstring);
  const argv = new BigUint64Array(words.length + 1);
  strings.forEach((one, i) => argv[i] = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(one))));
  const pid = new Int32Array(1);
  libc.posix_spawn_file_actions_init(actions);
  // A descriptor that is put in its own place would keep its close-on-exec flag.
  libc.posix_spawn_file_actions_adddup2(actions, input, 0);
  libc.posix_spawnattr_init(attributes);
  libc.posix_spawnattr_setsigdefault(attributes, new Uint8Array(SIGSET_BYTES).fill(0xff));
  libc.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
  const environ = libc.environ === null ? null : Deno.UnsafePointer.create(
    new Deno.UnsafePointerView(libc.environ).getBigUint64(),
  );
  const errno = libc.posix_spawn(
    new Uint8Array(pid.buffer),
    cstring("/proc/self/exe"),
    actions,
    attributes,
    new Uint8Array(argv.buffer),
    environ,
  );
  libc.posix_spawn_file_actions_destroy(actions);
  // The strings must live until here.
  if (errno !== 0 || strings.length === 0) throw new SysError("posix_spawn(/proc/self/exe)", errno);
  return pid[0]!;
}

function cstring(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
