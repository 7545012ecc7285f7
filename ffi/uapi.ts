/** Constants of the kernel's user-space interface, spelled as in its headers; equal on x86_64 and aarch64. */

// fcntl.h
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_EMPTY_PATH = 0x1000;
export const AT_STATX_DONT_SYNC = 0x4000;
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const F_GETOWNER_UIDS = 17;
export const F_OK = 0;
export const R_OK = 4;
export const W_OK = 2;
export const LOCK_SH = 1;

// sys/mman.h
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 0x20;
export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;

// sched.h
export const CLONE_NEWTIME = 0x80;
export const CLONE_VM = 0x100;
export const CLONE_PARENT = 0x8000;
export const CLONE_NEWNS = 0x20000;
export const CLONE_NEWCGROUP = 0x2000000;
export const CLONE_NEWUTS = 0x4000000;
export const CLONE_NEWIPC = 0x8000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

// sys/socket.h, asm-generic/socket.h
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_RCVTIMEO = 20;
export const SO_BINDTODEVICE = 25;
export const SO_GET_FILTER = 26;
export const SO_PEEK_OFF = 42;
export const SO_BUF_LOCK = 72;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_UDPLITE = 136;
export const IPPROTO_RAW = 255;
export const MSG_PEEK = 2;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

// signal.h
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGTRAP = 5;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGSEGV = 11;
export const SIGUSR2 = 12;
export const SIGCHLD = 17;
export const SIGSTOP = 19;
export const SIG_BLOCK = 0;

// sys/wait.h
export const WNOHANG = 1;
export const __WALL = 0x40000000;

// sys/prctl.h
export const PR_SET_SECCOMP = 22;
export const PR_SET_MM = 35;
export const PR_GET_TID_ADDRESS = 40;
export const PR_SET_MM_BRK = 7;
export const PR_SET_MM_AUXV = 12;
export const PR_SET_MM_EXE_FILE = 13;
export const PR_SET_MM_MAP_SIZE = 15;

// sys/ptrace.h
export const PTRACE_PEEKDATA = 2;
export const PTRACE_POKEDATA = 5;
export const PTRACE_POKEUSER = 6;
export const PTRACE_CONT = 7;
export const PTRACE_SINGLESTEP = 9;
export const PTRACE_DETACH = 17;
export const PTRACE_SETOPTIONS = 0x4200;
export const PTRACE_GETSIGINFO = 0x4202;
export const PTRACE_GETREGSET = 0x4204;
export const PTRACE_SETREGSET = 0x4205;
export const PTRACE_SEIZE = 0x4206;
export const PTRACE_INTERRUPT = 0x4207;
export const PTRACE_PEEKSIGINFO = 0x4209;
export const PTRACE_GETSIGMASK = 0x420a;
export const PTRACE_SECCOMP_GET_FILTER = 0x420c;
export const PTRACE_GET_RSEQ_CONFIGURATION = 0x420f;
export const PTRACE_O_TRACECLONE = 8;
export const PTRACE_O_TRACEEXEC = 0x10;
export const PTRACE_EVENT_CLONE = 3;
export const PTRACE_EVENT_EXEC = 4;
export const PTRACE_O_EXITKILL = 0x100000;
export const PTRACE_O_SUSPEND_SECCOMP = 0x200000;
export const NT_PRSTATUS = 1;

// linux/mount.h
export const MS_BIND = 0x1000;
export const MS_PRIVATE = 1 << 18;
export const MS_SHARED = 1 << 20;

// linux/magic.h
export const PROC_SUPER_MAGIC = 0x9fa0;
// asm-generic/ioctls.h
export const FIONREAD = 0x541b;
export const TIOCGPGRP = 0x540f;
export const TIOCGSID = 0x5429;
/** Number of a pseudo terminal, of its master. */
export const TIOCGPTN = 0x80045430;
/** Device number of the terminal behind a descriptor such as that of /dev/tty. */
export const TIOCGDEV = 0x80045432;
