/** errno numbers and names (asm-generic/errno-base.h, errno.h; the same on x86_64 and aarch64). */
const NAMES = (
  "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST " +
  "EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE " +
  "EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP 41 ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH " +
  "ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT 58 EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE " +
  "ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN " +
  "ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT " +
  "EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH " +
  "ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN " +
  "EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE " +
  "ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON"
).split(" ");

/** The symbolic name of an errno, such as `EPERM`; a number without a name is printed as it is. */
export function errnoName(errno: number): string {
  if (errno === 524) return "ENOTSUPP"; // kernel-internal, yet it reaches user space (include/linux/errno.h)
  return NAMES[errno - 1] ?? `errno ${errno}`;
}

/** The number of an errno name; throws for a name that is none. */
export function errnoNumber(name: string): number {
  const index = NAMES.indexOf(name);
  if (index < 0) throw new RangeError(`Cannot find an errno named ${name}`);
  return index + 1;
}

/** The kernel said no: which call, and with which errno. */
export class SysError extends Error {
  override readonly name = "SysError";
  /** The errno's name, such as `EPERM`. */
  readonly code: string;
  constructor(
    /** The call as a person would write it, such as `prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE)`. */
    readonly call: string,
    /** The errno's number. */
    readonly errno: number,
  ) {
    super(`${call}: ${errnoName(errno)}`);
    this.code = errnoName(errno);
  }
}

/** No answer came before the deadline; what was waited for has been killed. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  constructor(
    /** What was waited for. */
    readonly call: string,
    /** How long, in milliseconds. */
    readonly waitedMs: number,
  ) {
    super(`${call}: no answer in ${waitedMs / 1000} s`);
  }
}
