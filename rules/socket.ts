import { defineRules } from "./rule.ts";

/** Sockets of any family. */
export const SOCKET_RULES = defineRules("socket", [
  {
    id: "sock-family-unsupported",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a socket of a family that criu does not know",
    seen:
      "system.sockprotoname of /proc/PID/fd/N, or SO_DOMAIN through pidfd_getfd: family other than AF_UNIX 1, AF_INET 2, AF_INET6 10, AF_NETLINK 16, AF_PACKET 17: AF_VSOCK 40, AF_ALG 38, AF_XDP 44, AF_CAN 29, AF_BLUETOOTH 31, AF_KEY 15, AF_TIPC 30, AF_SMC 43, AF_RDS 21, AF_QIPCRTR 42, AF_KCM 41, AF_NFC 39, AF_PPPOX 24, AF_MCTP 45",
    detail: "The word BUG in the text is misleading: any other family ends here.",
    messages: [
      { text: "BUG! Unknown socket collected (family %d)" },
      { text: "Unsupported socket family: %d" },
    ],
    remedy: "Close it before the dump: only unix, IPv4, IPv6, netlink and packet sockets are dumped.",
    references: ["criu:criu/sockets.c:dump_socket"],
  },
  {
    id: "sock-foreign-netns",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a socket made in a network namespace in which no task of the tree lives",
    seen:
      "SIOCGSKNS through pidfd_getfd; inode missing in /proc/PID/net/*: socket of a netns that no dumped task lives in",
    detail:
      "A bound one is not found in the namespaces of the tree; an unbound one is asked for its namespace where the tree has its own.",
    messages: [
      { text: "Unable to dump a socket from an external network namespace" },
      { text: "Socket state %d obtained but expected %d" },
      { text: "Unix socket %d not found" },
    ],
    remedy: "Close it, or dump the tree that lives in that namespace.",
    references: ["criu:criu/net.c:get_socket_ns", "zdtm:static/netns_sub", "zdtm:static/socket-tcp-unconn"],
  },
  {
    id: "sock-ebpf-filter",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a socket with a filter of the eBPF kind",
    seen: "getsockopt SO_GET_FILTER through pidfd_getfd: EACCES: eBPF program attached (SO_ATTACH_BPF)",
    detail: "Classic filters are carried, eBPF ones cannot be read.",
    messages: [{ text: "Can't get socket filter len", errno: true }],
    remedy: "Let the program use a classic filter (SO_ATTACH_FILTER), or detach it before the dump.",
    references: ["criu:criu/sockets.c:dump_socket_filter", "zdtm:static/sock_filter00", "zdtm:static/sock_filter01"],
  },
  {
    id: "sock-opts",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "socket options",
    seen: "getsockopt: any",
    detail:
      "Buffers, buffer lock, priority, mark, timeouts, reuse flags, linger, keepalive, bound device, pass-cred and so on.",
    features: ["sockopt_buf_lock", "ipv6_freebind"],
    references: [
      "criu:criu/sockets.c:dump_socket_opts",
      "criu:criu/sockets.c:do_dump_opt",
      "zdtm:static/sock_opts00",
      "zdtm:static/sock_opts01",
      "zdtm:static/sock_opts02",
      "zdtm:static/socket-linger",
      "zdtm:static/sock_ip_opts00",
      "zdtm:static/sock_ip_opts01",
      "zdtm:static/sock_tcp_opts00",
      "zdtm:static/sock_tcp_opts01",
      "zdtm:static/sk-freebind",
    ],
  },
  {
    id: "sock-mapped",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "a mapped socket",
    seen: "see mem-packet-ring",
    detail: "See mem-packet-ring.",
    references: ["criu:criu/sk-packet.c:dump_socket_map", "zdtm:static/packet_sock_mmap"],
  },
  {
    id: "sock-options-old-criu",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a socket that is neither unix nor netlink, on Linux 6.16, and criu is older than 4.2",
    seen: "a socket of IPv4, IPv6 or packet family; release of the kernel: 6.16 or newer",
    messages: [{ text: "Can't get %d:%d opt", errno: true }],
    remedy:
      "Upgrade to criu 4.2 or newer: older ones ask such sockets for SO_PASSCRED and SO_PASSSEC, which Linux 6.16 refuses.",
    references: ["criu:criu/sockets.c:do_dump_opt"],
    until: "4.2",
  },
]);
