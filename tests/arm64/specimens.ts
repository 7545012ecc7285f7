/**
 * The specimens of tests/specimens that are tried in a guest of arm64: of each kind of resource those that make a rule apply and those
 * that only look so, cheap ones.
 */
export const SPECIMENS: readonly string[] = `
  plain plain-threads
  fd-eventfd fd-epoll fd-signalfd fd-timerfd fd-inotify-tmpfs fd-pipe fd-pipe-outside fd-memfd-mapped fd-io-uring fd-userfaultfd
  dev-tun file-deleted file-deleted-linked file-odd-name file-fifo lock-flock lock-posix
  tcp-listen tcp-connected-inside tcp-client-of-outside raw-socket unix-pairs unix-inflight netlink-idle
  ipc-semaphore mem-shared-with-child mem-aio mem-vdso-unmapped mnt-bind ns-uts seccomp-filter sess-not-leader share-files
  timer-posix tree-zombie tree-stopped tree-ptraced tty-own-pair tty-foreign-stdio attr-32bit-arm attr-cwd cg-same bpf-program
`.trim().split(/\s+/);
