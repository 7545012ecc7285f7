import type { RuleMessage } from "../rules/rule.ts";

/** A cause that lies in no process: how criu was called, its images, its helpers, the host. */
export interface GeneralCause {
  /** Stable for ever, and no id of a rule. */
  readonly id: string;
  readonly title: string;
  readonly messages: readonly RuleMessage[];
  readonly remedy: string;
}

const perror = (text: string): RuleMessage => ({ text, errno: true });
const err = (text: string): RuleMessage => ({ text });
const warn = (text: string): RuleMessage => ({ text, level: "WARN" });
const msg = (text: string): RuleMessage => ({ text, level: "MSG" });

/** What ends a dump or a restore without any process of the tree being the reason. */
export const GENERAL_CAUSES: readonly GeneralCause[] = [
  {
    id: "images-dir",
    title: "the folder for the images cannot be opened",
    messages: [perror("Can't open dir %s"), err("Couldn't open image dir %s"), perror("Can't open images directory")],
    remedy: "Make the folder that -D names, and let the caller of criu write to it.",
  },
  {
    id: "work-dir",
    title: "the folder for the log cannot be entered",
    messages: [perror("Can't change directory to %s"), perror("Can't chdir to work_dir"), perror("Can't initiate log")],
    remedy: "Make the folder that -W or --work-path names, and let the caller of criu write to it.",
  },
  {
    id: "images-missing",
    title: "an image is missing",
    messages: [perror("Unable to open %s"), err("Unexpected EOF on (empty-image)")],
    remedy: "Give -D with the folder of a dump that has ended well, with all of its files.",
  },
  {
    id: "images-damaged",
    title: "the images are damaged or not those of criu",
    messages: [
      err("Magic doesn't match for %s"),
      err("Head magic doesn't match for %s"),
      err("Img trimmed %d/%d"),
      err("Unexpected EOF"),
      err("Unknown image format"),
      err("Image corrupted on pid %d"),
      err("No kIDs provided, image corruption"),
      err("Image corruption on kIDs data"),
      err("Parent missed on non-root task with pid %d, image corruption!"),
      err("Ghost file size mismatch %zu/%zu"),
      perror("Can't read img file"),
      err("Unexpected EOF on %s"),
      err("Failed unpacking object %p from %s"),
      err("Wrong object requested %d"),
      err("Wrong object requested %d on %s"),
      perror("Read %d bytes while %d expected from %s"),
      perror("Read %d bytes while %d expected on %s"),
      perror("Can't read %d bytes from file %s"),
    ],
    remedy: "Dump again, or copy the images again as a whole.",
  },
  {
    id: "images-version",
    title: "the images are from a criu that this one does not understand",
    messages: [
      err("Not supported images version %u"),
      err("Too old image, no longer supported"),
      err("Images corrupted or too old criu was used for dump."),
      err("Image carries unknown capability version %d"),
    ],
    remedy: "Restore with the version of criu that dumped, or a newer one.",
  },
  {
    id: "images-write",
    title: "an image cannot be written",
    messages: [
      perror("Can't write img file"),
      perror("Unable to spice data"),
      perror("Can't write %d bytes"),
      perror("Can't write pages to socket"),
    ],
    remedy: "Look at the error behind the colon: the file system must be writable and have room.",
  },
  {
    id: "parent-images",
    title: "the images of the dump before cannot be used",
    messages: [
      perror("No parent image found, though parent directory is set"),
      perror("Invalid parent image directory provided"),
      perror("Can't link parent snapshot"),
      perror("Can't open parent path"),
      err("Missing %lx in parent pagemap"),
      err("Hole %p - %p not found in parent"),
    ],
    remedy:
      "Give --prev-images-dir as a path relative to -D, with all images of the earlier dumps there; or dump without it.",
  },
  {
    id: "page-server",
    title: "the page server cannot be reached or has stopped",
    messages: [
      perror("The page server doesn't answer"),
      perror("Can't write to page server"),
      perror("Can't send PSI %d to server"),
      perror("Error reading data from page server"),
      perror("Can't init %s server"),
      perror("Can't bind %s server"),
      perror("Can't listen on %s server socket"),
      err("Remote side closed connection"),
      err("A socket was closed unexpectedly"),
      perror("Failed to resolve hostname: %s"),
      err('Invalid server address "%s". The address must be in IPv4 or IPv6 format.'),
    ],
    remedy:
      "Start criu page-server on the other host first, with the address and port that --address and --port name, and look at its own log.",
  },
  {
    id: "kernel-detection",
    title: "criu could not find out what the kernel can do",
    messages: [
      err("Could not initialize kernel features detection."),
      err("Unexpected rt vDSO area bounds"),
      err("Diag module missing (%d)"),
    ],
    remedy:
      "Run cready check, which names what is missing; an old criu on a new kernel must be upgraded (3.17 does not start on Linux 6.16 and newer).",
  },
  {
    id: "not-root",
    title: "the caller is not root",
    messages: [
      err("You need to be root to run this command"),
      msg("Please consult the documentation for limitations when running as non-root"),
    ],
    remedy: "Run criu as root, or give it CAP_CHECKPOINT_RESTORE and --unprivileged.",
  },
  {
    id: "action-script",
    title: "a script of the caller, or the engine itself, said no",
    messages: [
      err("Script %s exited with %d"),
      err("One of more action scripts failed"),
      err("Pre dump script failed with %d!"),
      err("Aborting restore due to pre-restore script ret code %d"),
      err("Aborting restore due to post-restore script ret code %d"),
      err("Pre-resume script ret code %d"),
      err("RPC client reported script error"),
    ],
    remedy: "Look into the log of the script or of the engine: it ended with an error when criu called it.",
  },
  {
    id: "program-missing",
    title: "a program that criu runs is not installed",
    messages: [perror('execvp("%s", ...) failed')],
    remedy: "Install the program that the line names (iptables, ip6tables, ip, tar) where criu's PATH leads.",
  },
  {
    id: "options",
    title: "an option that this criu does not take",
    messages: [
      err("Deprecated functionality (%s) rejected."),
      err("Unsupported configuration file format. Please consult man page criu(8)"),
      err("Option --mntns-compat-mode is only valid on restore"),
      err("CRIU was built without TLS support"),
      err("unknown command: %s"),
      err("invalid argument for --%s: %s"),
      err("invalid argument for -%c: %s"),
      err("Unknown cgroups mode `%s' selected"),
      err("Unknown file validation method `%s' selected"),
      err("Invalid value for --network-lock: %s"),
      err("Failed to parse unix socket inode from optarg: %s"),
      err("Invalid inherit fd argument: %s"),
      err("--inherit-fd is restore-only option"),
      err("--restore-sibling only makes sense with --restore-detached"),
      err("pid not specified"),
      err("Failed to add external object: %s"),
    ],
    remedy: "Correct the option on the command line or in the file of options; man criu lists what this version takes.",
  },
  {
    id: "rpc",
    title: "the request to criu's service is not whole",
    messages: [
      err("Neither images_dir_fd nor images_dir was passed by RPC client."),
      err("images-dir or work-dir is required when using log file"),
      perror("Can't read request"),
      perror("Failed unpacking request"),
      perror("No subdirs are allowed in log_file name"),
      perror("Can't recv request"),
      perror("RPC error: %s"),
    ],
    remedy: "The program that called criu must be mended or upgraded: it sent a request that criu cannot read.",
  },
  {
    id: "code-inside",
    title: "criu's own code inside of a task did not answer",
    messages: [
      perror("Unable to connect a transport socket"),
      perror("Can't accept connection to the transport socket"),
      err("%d was killed by %d unexpectedly: %s"),
      err("%d exited with %d unexpectedly"),
      err("%d was stopped by %d unexpectedly"),
      err("Can't allocate memory for parasite blob (pid: %d)"),
    ],
    remedy:
      "A security module (AppArmor, SELinux) may forbid the task to make a unix socket or executable memory: look into the audit log, and set its profile to complain for the dump.",
  },
  {
    id: "restored-task-died",
    title: "a restored task died before it ran",
    messages: [
      err("%d killed by signal %d: %s"),
      err("%d exited, status=%d"),
      err("%d stopped by signal %d: %s"),
      err("Child %d died too early"),
    ],
    remedy:
      "Look at the error line of that task above; SIGILL means that the CPU lacks an instruction, SIGSEGV may mean another CPU or kernel than at the dump.",
  },
  {
    id: "restore-rights",
    title: "a restored task may not take back its users, groups or capabilities",
    messages: [
      err("Can't setgroups([%zu gids]): %d"),
      err("Unable to set real, effective and saved user ID: %d"),
      err("Unable to set real, effective and saved group ID: %d"),
      err("Unable to set PR_SET_SECUREBITS: %d"),
      err("Unable to drop capability %d: %d"),
      err("Unable to restore capabilities: %d"),
      err("Unable to raise ambient capability %d: %d"),
      err("can't write lsm profile %d"),
      err("Can't set last_pid %ld/%s"),
      err("can't open last pid fd %d"),
    ],
    remedy:
      "Restore as root with all capabilities, in the user namespace of the dump or the initial one, with the same security module and profile loaded.",
  },
  {
    id: "restore-seccomp",
    title: "a restored task could not get its seccomp filters back",
    messages: [
      err("seccomp: PR_SET_SECCOMP returned %d on tid %d"),
      err("seccomp: SECCOMP_SET_MODE_FILTER returned %d on tid %d"),
      err("seccomp: SECCOMP_MODE_STRICT returned %d on tid %d"),
    ],
    remedy: "Restore with CAP_SYS_ADMIN and outside of a container that has seccomp filters of its own.",
  },
  {
    id: "restore-memory",
    title: "the memory of a restored task could not be laid out as it was",
    messages: [
      err("Can't restore %lx mapping with %lx"),
      err("Unable to remap %lx -> %lx (%lx)"),
      err("Unable to unmap (%p-%p): %d"),
      err("sys_prctl(PR_SET_MM, PR_SET_MM_MAP) failed with %d"),
      err("Failed to map vdso %d"),
      err("Task had vdso, restorer doesn't"),
    ],
    remedy:
      "Restore on a kernel with the same layout of addresses: vm.mmap_min_addr, page size and vDSO must fit those of the dump; a newer criu knows newer kernels.",
  },
  {
    id: "iptables-legacy",
    title: "there is no iptables of the legacy kind",
    messages: [
      warn("Couldn't find iptables version which is using iptables legacy API"),
      warn("Couldn't find ip6tables version which is using iptables legacy API"),
    ],
    remedy:
      "Nothing to do where the network is locked by nftables; else install iptables-legacy, or give --network-lock nftables.",
  },
  {
    id: "cgroups-restore",
    title: "a cgroup could not be made, filled or entered",
    messages: [
      perror("Can't make cgroup dir %s"),
      perror("Failed accessing cgroup dir %s"),
      err("Cgroup dir %s doesn't exist"),
      perror("\tCan't make controller dir %s"),
      perror("\tCan't mount controller dir %s"),
      perror("Failed writing %s to %s"),
      perror("bad cgroup path: %s"),
      err("Restoring %s special property failed"),
      err("Restoring special cpuset props failed!"),
      perror("Can't move into %s (%d/%d)"),
      err("cgroupd: Can't move thread %d into %s/%s"),
    ],
    remedy:
      "Restore where the same controllers are mounted and their groups may be made, or give --manage-cgroups=ignore and put the tasks into their groups yourself.",
  },
  {
    id: "cgroups-dump",
    title: "the cgroups of the tree cannot be read",
    messages: [
      perror("Unable to open the cgroup file system"),
      perror("Unable to configure the cgroup (%s) file system"),
      perror("Unable to create the cgroup (%s) file system"),
      perror("failed statting cgroup prop %s"),
      err("dumping global properties failed"),
      err("dumping global properties v2 failed"),
    ],
    remedy:
      "Dump again, since a group may have gone while criu read it; or give --manage-cgroups=ignore, and put the tasks into their groups yourself at restore.",
  },
  {
    id: "restore-external-missing",
    title: "something that the dump left to the caller is missing at restore",
    messages: [
      err("Unable to enter existing PID namespace"),
      err("Unable to restore into an empty PID namespace"),
      err("Can't restore pid namespace without the process init"),
      err("First PID in a PID namespace needs to be %d and not %d"),
      perror("Can't attach to init"),
      perror("Join namespaces failed"),
      perror("Can't unshare net-namespace"),
    ],
    remedy: "Give the namespaces as at the dump (--inherit-fd, --join-ns), or restore by the engine that dumped.",
  },
];

/** Of an errno that names its cause by itself, whatever criu was doing. */
export const ERRNO_CAUSES: readonly (GeneralCause & { readonly errnos: readonly string[] })[] = [
  {
    id: "out-of-space",
    title: "no room is left on the file system",
    errnos: ["No space left on device", "Disk quota exceeded"],
    messages: [],
    remedy:
      "Make room on the file system of the images (or of /dev/shm or the link-remap folder, where the line names it), and dump again.",
  },
  {
    id: "out-of-memory",
    title: "no memory is left",
    errnos: ["Cannot allocate memory"],
    messages: [],
    remedy: "Free memory, or raise the limit of the cgroup in which criu runs.",
  },
  {
    id: "out-of-descriptors",
    title: "no descriptor is left",
    errnos: ["Too many open files", "Too many open files in system"],
    messages: [],
    remedy: "Raise the limit of criu (ulimit -n) or fs.file-max.",
  },
  {
    id: "read-only",
    title: "the file system is read-only",
    errnos: ["Read-only file system"],
    messages: [],
    remedy: "Mount it writable, or give -D on another one.",
  },
];

/** What follows from an error before it, and says no more. Where nothing else was said these lines are all there is. */
export const FOLLOW_UPS: readonly RuleMessage[] = [
  ...[
    "Dumping FAILED.",
    "Pre-dumping FAILED.",
    "Restoring FAILED.",
    "Lazy pages transfer FAILED.",
    "Collect mappings (pid: %d) failed with %d",
    "Collect fds (pid: %d) failed with %d",
    "Collect MADV_GUARD_INSTALL pages (pid: %d) failed with %d",
    "Dump files (pid: %d) failed with %d",
    "Dump eventpoll (pid: %d) failed with %d",
    "Dump ids (pid: %d) failed with %d",
    "Dump mappings (pid: %d) failed with %d",
    "Dump fs (pid: %d) failed with %d",
    "Dump core (pid: %d) failed with %d",
    "Dump cgroup of threads in process (pid: %d) failed with %d",
    "Dump %d signals failed %d",
    "Dump %d rseq failed %d",
    "Fixup rseq for %d failed %d",
    "Can't dump misc (pid: %d)",
    "Can't dump threads",
    "Can't dump thread for pid %d",
    "Can't dump sigactions (pid: %d) with parasite",
    "Can't dump itimers (pid: %d)",
    "Can't dump posix timers (pid: %d)",
    "Can't dump shared signals (pid: %d)",
    "Can't fixup vdso VMAs (pid: %d)",
    "Can't infect (pid: %d) with parasite",
    "Can't cure (pid: %d) from parasite",
    "Can't stop daemon in parasite (pid: %d)",
    "Can't get proc fd (pid: %d)",
    "Failed to check aio rings (pid: %d)",
    "Pre-dumping files failed (pid: %d)",
    "Killing processes because of failure on restore.",
    "The Network was unlocked so some data or a connection may have been lost.",
    "Failed to wait on helpers and zombies",
    "Can't open core data for %d",
    "Can't open cwd",
    "Can't open root",
    "Restorer fail %ld",
    "Command %d for daemon failed with %d",
    "Can't dump unprotect vmas with parasite",
    "Can't read link for pid %d fd %d",
    "Error parsing proc status file",
    "`- Can't open vma",
    "Can't dump page with parasite",
    "Abandoned mount or control was delegated to child?",
    "Autofs %d is alive, but unreachable.",
    "Namespaces dumping finished with error %d",
    "%d %x", // groups of a netlink socket
    "%d", // descriptor of a nameless socket
    "Can't restore link: %d",
    "Can't wait or bad status: errno=%d, status=%d",
    "Restorer abnormal termination for %ld",
    "Iptables configuration failed",
    "Unable to open fd=%d id=%#x",
    "Child exited with an error",
    "Child wasn't terminated normally",
    "Parasite exited with %d",
    "munmap failed (pid: %d)",
    "munmap for remote map %p, %lu returned %lu",
    "si_code=%d si_pid=%d si_status=%d",
    "`- couldn't log %d's stack",
    "stack %d#%zu: %s",
    "Can't retrieve FDs from socket",
    "Message reply from daemon is trimmed (%d/%d)",
    ...["pidns", "netns", "ipcns", "utsns", "timens", "mntns", "userns", "cgroup"].map((name) =>
      `Can't make ${name} id`
    ),
    "Can't stop all tasks on rt_sigreturn",
    "Can't catch all tasks",
    "exited, status=%d",
    "%d exited, status=%d",
    "%d killed by signal %d: %s",
    "%d stopped by signal %d: %s",
    "Child %d died too early",
    "killed by signal %d: %s",
  ].map(err),
  ...[
    "Unable to detach from %d",
    "Failed to wait",
    "%s: error parsing [%s] for %d",
    "Can't open %d's mapfile link %lx",
    "Can't setns %d/%s",
    "%d reported by netlink",
  ].map(perror),
];

/** Lines that criu marks as errors in runs that end well. */
export const HARMLESS: readonly RuleMessage[] = [
  perror("rlimit: Can't setup RLIMIT_NOFILE for self"),
];
