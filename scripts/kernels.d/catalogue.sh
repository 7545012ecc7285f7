# Which kernels and which variants exist. Sourced by scripts/kernels.
# shellcheck shell=bash disable=SC2034 # used by the other parts

# name suite package-pattern (ERE, without the flavour at its end); the newest that matches is taken
KERNELS="
5.10 bullseye linux-image-5\.10\.0-[0-9]+
6.1  bookworm linux-image-6\.1\.0-[0-9]+
6.12 trixie   linux-image-6\.12\.[0-9]+\+deb13
7.x  sid      linux-image-7\.[0-9.]+\+deb14
"
# Those of arm64; 5.10 had no kernel for virtual machines there. A fourth word is another flavour: pages of 16 KiB.
[ "$ARCH" != arm64 ] || KERNELS="
6.1  bookworm linux-image-6\.1\.0-[0-9]+
6.12 trixie   linux-image-6\.12\.[0-9]+\+deb13
7.x  sid      linux-image-7\.[0-9.]+\+deb14
16k  sid      linux-image-7\.[0-9.]+\+deb14    arm64-16k
"
# The userland of every guest (criu, iptables …) comes from one suite.
USERLAND_SUITE=$CRIU_SUITE_4_2

# What `loaded` loads and what is on disk for `demand`. A name that a kernel does not have is skipped.
MODULES_WANTED="
veth tun autofs4 binfmt_misc overlay fuse
inet_diag tcp_diag udp_diag raw_diag unix_diag af_packet_diag netlink_diag
nf_conntrack nf_conntrack_netlink nfnetlink nf_tables nft_ct nft_compat nft_reject nft_reject_inet nft_masq nft_nat
nft_chain_nat nft_counter nft_log nft_limit nft_fib_inet
ip_tables iptable_filter iptable_mangle iptable_nat iptable_raw iptable_security
ip6_tables ip6table_filter ip6table_mangle ip6table_nat ip6table_raw ip6table_security
x_tables xt_mark xt_conntrack xt_CT xt_nat xt_tcpudp xt_state xt_comment xt_addrtype xt_MASQUERADE
ipt_REJECT ip6t_REJECT macvlan bridge vfio_iommu_type1 userio
"

SINGLE_CAUSES="no-tun no-autofs4 no-overlay no-nf_tables no-ip_tables no-veth no-diag
no-apparmor no-ipv6 no-ia32 no-vdso no-userns no-netns no-timens yama3
no-securityfs no-legacy-iptables no-loopback modules-disabled"

# Sets, for variant $1: MODULES (loaded, demand, none), WITHOUT (modules that the guest's disk lacks),
# APPEND (kernel command line), LEAVE_OUT (steps that the guest's init omits), BEFORE (commands before the job).
variant() {
  MODULES=demand WITHOUT='' APPEND='' LEAVE_OUT='' BEFORE=''
  case "$1" in
    full) MODULES=loaded ;;
    auto) ;;
    bare) MODULES=none ;;
    no-tun) WITHOUT='tun' ;;
    no-autofs4) WITHOUT='autofs4' ;;
    no-overlay) WITHOUT='overlay' ;;
    no-nf_tables) WITHOUT='nf_tables' ;;
    no-ip_tables) WITHOUT='ip_tables ip6_tables' ;;
    no-veth) WITHOUT='veth' ;;
    no-diag) WITHOUT='inet_diag tcp_diag udp_diag raw_diag unix_diag af_packet_diag netlink_diag' ;;
    no-apparmor) APPEND='apparmor=0' ;;
    no-ipv6) APPEND='ipv6.disable=1' ;;
    no-ia32) APPEND='ia32_emulation=0' ;;
    no-vdso) APPEND='vdso=0' ;;
    no-userns) APPEND='sysctl.user.max_user_namespaces=0' ;;
    no-netns) APPEND='sysctl.user.max_net_namespaces=0' ;;
    no-timens) APPEND='sysctl.user.max_time_namespaces=0' ;;
    yama3) APPEND='sysctl.kernel.yama.ptrace_scope=3' ;;
    no-securityfs) LEAVE_OUT='securityfs' ;;
    no-legacy-iptables) LEAVE_OUT='legacy-iptables' ;;
    no-loopback) LEAVE_OUT='loopback' ;;
    modules-disabled) BEFORE='echo 1 >/proc/sys/kernel/modules_disabled' ;;
    # The config cannot be looked up: what is missing must be told from the calls alone.
    no-config) LEAVE_OUT='config' ;;
    *) echo "kernels: unknown variant $1; see scripts/kernels list" >&2; return 1 ;;
  esac
}

# One line `KERNEL VARIANT` for each run of the matrix.
matrix_runs() {
  local kernel cause
  if [ "$ARCH" = arm64 ]; then
    for kernel in 6.1 6.12 7.x; do
      echo "$kernel full"
      echo "$kernel bare"
    done
    echo '16k full'
    return
  fi
  for kernel in 7.x 5.10; do
    for cause in full auto bare $SINGLE_CAUSES; do
      # 5.10 does not know this option: the run would repeat `auto`.
      [ "$kernel $cause" = '5.10 no-ia32' ] || echo "$kernel $cause"
    done
  done
  for kernel in 6.1 6.12; do
    echo "$kernel full"
    echo "$kernel bare"
  done
  echo 'poor auto'
  echo 'poor no-config'
}
