/** Seccomp profiles as data, in the form of the OCI's runtime specification (config-linux.md, "Seccomp"). */

/** One condition on an argument. */
export interface Condition {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_NE" | "SCMP_CMP_GE" | "SCMP_CMP_LE" | "SCMP_CMP_MASKED_EQ";
}

/** What is answered to some calls. */
export interface Rule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly Condition[];
}

/** A filter. */
export interface Profile {
  readonly defaultAction: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly syscalls: readonly Rule[];
}

export const EPERM = 1;
export const ENOSYS = 38;

/** Calls, separated by blanks, the errno that they get (0: success is made up), and under which conditions. */
export type Refusal = readonly [calls: string, errno: number, ...conditions: readonly Condition[]];

/** A profile that lets everything pass but some calls. */
export function refusing(...rules: readonly Refusal[]): Profile {
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: rules.map(([calls, errnoRet, ...args]): Rule => ({
      names: calls.split(" "),
      action: "SCMP_ACT_ERRNO",
      errnoRet,
      args,
    })),
  };
}

/** An argument that has to have a value. */
export function argument(index: number, value: number): Condition {
  return { index, value, op: "SCMP_CMP_EQ" };
}

// linux/sched.h: the CLONE_NEW* flags that clone(2) knows
const NEW_NAMESPACES = 0x7e020000;
const AF_VSOCK = 40;
// linux/personality.h: PER_LINUX, PER_LINUX32 and these with UNAME26; the last one only asks
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** Calls of every program, by what they are for. */
const ALLOWED = `
  access faccessat faccessat2 open openat openat2 creat close close_range read readv pread64 preadv preadv2
  write writev pwrite64 pwritev pwritev2 lseek _llseek truncate truncate64 ftruncate ftruncate64 fallocate
  stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 ustat
  mkdir mkdirat rmdir rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat readlink readlinkat
  mknod mknodat chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32
  utime utimes utimensat utimensat_time64 futimesat umask chdir fchdir getcwd getdents getdents64 readdir
  dup dup2 dup3 fcntl fcntl64 flock ioctl fsync fdatasync sync sync_file_range syncfs
  getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr llistxattr flistxattr
  removexattr lremovexattr fremovexattr name_to_handle_at cachestat
  sendfile sendfile64 splice tee vmsplice copy_file_range readahead fadvise64 fadvise64_64
  pipe pipe2 poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
  eventfd eventfd2 signalfd signalfd4 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
  io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
  mmap mmap2 munmap mprotect mremap msync mincore madvise mlock mlock2 mlockall munlock munlockall brk
  memfd_create memfd_secret remap_file_pages pkey_alloc pkey_free pkey_mprotect map_shadow_stack process_mrelease
  fork vfork execve execveat exit exit_group wait4 waitid waitpid
  kill tkill tgkill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
  rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signal sigaction sigpending
  sigprocmask sigreturn sigsuspend pidfd_open pidfd_send_signal
  futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list
  set_tid_address set_thread_area get_thread_area rseq membarrier
  getpid getppid gettid getpgid getpgrp setpgid getsid setsid getuid getuid32 geteuid geteuid32 getgid getgid32
  getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32
  setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setgroups setgroups32
  setfsuid setfsuid32 setfsgid setfsgid32 capget capset prctl seccomp
  landlock_create_ruleset landlock_add_rule landlock_restrict_self
  getpriority setpriority ioprio_get ioprio_set sched_getaffinity sched_setaffinity sched_getattr sched_setattr
  sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
  sched_rr_get_interval sched_rr_get_interval_time64 sched_yield getcpu
  getrlimit setrlimit ugetrlimit prlimit64 getrusage times sysinfo uname ipc getrandom
  time gettimeofday clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 clock_adjtime clock_adjtime64 adjtimex nanosleep alarm getitimer setitimer
  timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
  timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
  socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
  send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
  mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
  msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget
  process_vm_readv process_vm_writev ptrace
  arch_prctl modify_ldt chroot
`.trim().split(/\s+/);

/**
 * What docker lets a container without further capabilities do, on x86_64 with Linux 4.8 or newer: the rules of moby's
 * profiles/seccomp/default.json as its documentation tells them. Whatever is not allowed is answered with EPERM, and
 * clone3, whose flags no filter can see, with ENOSYS. `chroot` comes with CAP_SYS_CHROOT; kcmp and pidfd_getfd would come
 * with CAP_SYS_PTRACE, mount, unshare and setns with CAP_SYS_ADMIN.
 */
export const DOCKER: Profile = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: EPERM,
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  syscalls: [
    { names: ALLOWED, action: "SCMP_ACT_ALLOW" },
    ...PERSONALITIES.map((value): Rule => ({
      names: ["personality"],
      action: "SCMP_ACT_ALLOW",
      args: [argument(0, value)],
    })),
    { names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: AF_VSOCK, op: "SCMP_CMP_NE" }] },
    {
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: NEW_NAMESPACES, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    },
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
  ],
};

/** The same list with another answer to what is not on it. */
export function withDefault(profile: Profile, defaultErrnoRet: number): Profile {
  return { ...profile, defaultErrnoRet };
}

/** The same list and some calls more, as engines add them with a capability; all other rules for these are gone. */
export function allowing(profile: Profile, calls: string): Profile {
  const names = calls.split(" ");
  const others = profile.syscalls.map((rule) => ({
    ...rule,
    names: rule.names.filter((name) => !names.includes(name)),
  }));
  const syscalls = [...others.filter((rule) => rule.names.length > 0), { names, action: "SCMP_ACT_ALLOW" as const }];
  return { ...profile, syscalls };
}
