/**
 * The specimens of tests/specimens that are tried in a guest of arm64: of each kind of resource those that make a rule apply and those
 * that only look so, cheap ones.
 */
export const SPECIMENS: readonly string[] = [
  ..."plain plain-threads fd-eventfd fd-epoll fd-signalfd fd-timerfd fd-inotify-tmpfs fd-pipe fd-pipe-outside".split(
    " ",
  ),
  ..."fd-memfd-mapped fd-io-uring fd-userfaultfd dev-tun file-deleted file-deleted-linked file-odd-name file-fifo"
    .split(" "),
  ..."lock-flock lock-posix tcp-listen tcp-connected-inside tcp-client-of-outside raw-socket unix-pairs unix-inflight"
    .split(" "),
  ..."ipc-semaphore mem-shared-with-child mem-aio mem-vdso-unmapped mnt-tmpfs ns-uts netlink-idle seccomp-filter".split(
    " ",
  ),
  ..."sess-not-leader share-files timer-posix tree-zombie tree-stopped tree-ptraced tty-own-pair tty-foreign-stdio"
    .split(" "),
  ..."attr-exe-deleted cg-same bpf-program".split(" "),
];
