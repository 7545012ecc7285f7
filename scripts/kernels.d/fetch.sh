# Brings kernels and the guests' userland into the cache. Sourced by scripts/kernels.
# shellcheck shell=bash
#
# $CACHE/images/$ARCH/KERNEL -> RELEASE_VERSION-RECIPE/{vmlinuz,config,release,root/}   root: the wanted modules, plain, with depmod
# $CACHE/python/$ARCH/current -> VERSION-HASH-RECIPE/{root.cpio.gz,packages}
# $CACHE/userland/$ARCH/current -> CRIU_VERSION-HASH-RECIPE/{root.cpio.gz,packages}

PROGRAMS='criu ip nft kmod busybox dash xtables-legacy-multi xtables-nft-multi unshare nsenter setsid setpriv capsh bwrap timeout'
PACKAGES='criu iproute2 iptables nftables kmod busybox-static dash coreutils util-linux libcap2-bin bubblewrap'
# What the tested binary needs beyond what the programs above need.
LIBRARIES='libc.so.6 libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libgcc_s.so.1'

# Made in another way: made again.
RECIPE=$({ cat "$LIB/fetch.sh" && echo "$MODULES_WANTED"; } | sha256sum | cut -c1-8)

made() { # made LINK : it is in the cache, and made by this recipe
  [ -e "$1" ] && [[ $(readlink "$1") == *-"$RECIPE" ]]
}

publish() { # publish NEW TARGET : a folder appears whole or not at all
  rm -rf "$2"
  mv "$1" "$2"
}

pack() { # pack FOLDER FILE : as a gzipped member of an initrd, padded as the kernel wants it
  (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | gzip -n -6 >"$2.new"
  truncate -s "%512" "$2.new"
  mv "$2.new" "$2"
}

fetch_kernel() { # fetch_kernel NAME SUITE PATTERN [FLAVOUR]
  local name=$1 suite=$2 pattern=$3-${4:-$FLAVOUR} package version release parts target new deb
  suite_update "$suite"
  for package in $(suite_apt "$suite" apt-cache pkgnames linux-image- | grep -Ex -- "$pattern" | sort -Vr); do
    release=${package#linux-image-}
    # Newer kernels are split; in sid a part may be missing for a while, then the next older one is taken.
    parts=$(suite_apt "$suite" apt-cache show --no-all-versions "$package" | sed -n 's/^Depends: //p' | tr ',|' '\n' |
      sed 's/^ *//;s/ .*//' | grep -Ex "linux-(binary|modules|base)-${release//+/\\+}" || true)
    version=$(suite_apt "$suite" apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
    target="$CACHE/images/$ARCH/${release}_$version-$RECIPE"
    if [ -e "$target/vmlinuz" ]; then
      ln -sfn "${target##*/}" "$CACHE/images/$ARCH/$name"
      return
    fi
    new="$target.new"
    rm -rf "$new"
    mkdir -p "$new/debs" "$new/all"
    # shellcheck disable=SC2086 # names of packages
    suite_download "$suite" "$new/debs" "$package" $parts || continue
    merged_root "$new/all"
    for deb in "$new"/debs/*.deb; do unpack_deb "$deb" "$new/all"; done
    keep_kernel "$new" "$release"
    echo "$version" >"$new/version"
    rm -rf "$new/debs" "$new/all"
    publish "$new" "$target"
    ln -sfn "${target##*/}" "$CACHE/images/$ARCH/$name"
    echo "kernels: $name is $release ($version)"
    return
  done
  echo "kernels: $suite has no package that matches $pattern" >&2
  return 1
}

first_of() { # first_of FILE… : the first that exists
  local file
  for file in "$@"; do [ ! -e "$file" ] || { echo "$file"; return; }; done
  echo "kernels: none of these exists: $*" >&2
  return 1
}

keep_kernel() { # keep_kernel FOLDER RELEASE : from FOLDER/all to FOLDER
  local folder=$1 release=$2 all="$1/all" tree="usr/lib/modules/$2" module path
  cp "$(first_of "$all/boot/vmlinuz-$release" "$all/$tree/vmlinuz")" "$folder/vmlinuz"
  cp "$(first_of "$all/boot/config-$release" "$all/$tree/config")" "$folder/config"
  echo "$release" >"$folder/release"
  depmod -b "$all" "$release"
  merged_root "$folder/root"
  mkdir -p "$folder/root/$tree"
  cp "$all/$tree"/modules.builtin* "$all/$tree/modules.order" "$folder/root/$tree/"
  rm -f "$folder/root/$tree"/modules.builtin*.bin
  [ ! -e "$all/$tree/config" ] || cp "$all/$tree/config" "$folder/root/$tree/"
  for module in $MODULES_WANTED; do
    modprobe -d "$all" -S "$release" --show-depends "$module" 2>/dev/null || true
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r path; do
    path=${path#"$all"}
    path=usr/lib/modules/${path#*/lib/modules/}
    mkdir -p "$folder/root/${path%/*}"
    # Plain: to unpack xz under emulation costs more than the bytes.
    case "$path" in
      *.xz) xz -dc "$all/$path" >"$folder/root/${path%.xz}" ;;
      *.zst) zstd -qdc "$all/$path" >"$folder/root/${path%.zst}" ;;
      *) cp "$all/$path" "$folder/root/$path" ;;
    esac
  done
  depmod -b "$folder/root" "$release"
}

# The programs, and every library that they or LIBRARIES name. readelf works for a foreign architecture too.
copy_closure() { # copy_closure FROM TO [FILE…] : FILEs are in TO already
  local from=$1 to=$2 file name path
  shift 2
  local -a queue=("$@")
  local -A seen=()
  for name in $PROGRAMS; do
    path=$(first_of "$from/usr/sbin/$name" "$from/usr/bin/$name")
    cp "$path" "$to/${path#"$from"/}"
    queue+=("$path")
  done
  mkdir -p "$to/usr/lib/$TRIPLET/xtables"
  for file in "$from/usr/lib/$TRIPLET"/xtables/*.so; do
    [ -e "$file" ] || continue
    cp "$file" "$to/usr/lib/$TRIPLET/xtables/"
    queue+=("$file")
  done
  for name in $LIBRARIES; do
    cp -L "$from/usr/lib/$TRIPLET/$name" "$to/usr/lib/$TRIPLET/"
    queue+=("$from/usr/lib/$TRIPLET/$name")
    seen[$name]=1
  done
  while [ ${#queue[@]} -gt 0 ]; do
    file=${queue[0]}
    queue=("${queue[@]:1}")
    for name in $(readelf -d "$file" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
      [ -z "${seen[$name]:-}" ] || continue
      seen[$name]=1
      cp -L "$from/usr/lib/$TRIPLET/$name" "$to/usr/lib/$TRIPLET/"
      queue+=("$from/usr/lib/$TRIPLET/$name")
    done
  done
  cp -L "$from/usr/$LOADER" "$to/usr/${LOADER%/*}/"
}

finish_userland() { # finish_userland ROOT
  local root=$1 name
  mkdir -p "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/root" "$root/mnt" "$root/var"
  ln -s ../run "$root/var/run"
  ln -s dash "$root/usr/bin/sh"
  for name in modprobe depmod insmod rmmod lsmod modinfo; do ln -s ../bin/kmod "$root/usr/sbin/$name"; done
  for name in iptables ip6tables; do
    for suffix in '' -save -restore; do
      ln -s xtables-nft-multi "$root/usr/sbin/$name$suffix"
      ln -s xtables-nft-multi "$root/usr/sbin/$name-nft$suffix"
      ln -s xtables-legacy-multi "$root/usr/sbin/$name-legacy$suffix"
    done
  done
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/sh' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'tty:x:5:' 'nogroup:x:65534:' >"$root/etc/group"
  printf '%s\n' '127.0.0.1 localhost guest' '::1 localhost' >"$root/etc/hosts"
}

fetch_userland() {
  local tree="$CACHE/apt/$ARCH/$USERLAND_SUITE" new="$CACHE/userland/$ARCH/new" criu key target deb
  suite_update "$USERLAND_SUITE"
  rm -rf "$tree/archives" "$new"
  # The empty dpkg status makes apt bring whatever these packages depend on.
  # shellcheck disable=SC2086 # names of packages
  retry suite_apt "$USERLAND_SUITE" apt-get install -y -d -qq $PACKAGES
  mkdir -p "$new"
  merged_root "$new/all"
  for deb in "$tree"/archives/*.deb; do
    basename "$deb" .deb
    unpack_deb "$deb" "$new/all"
  done >"$new/packages"
  criu=$(sed -n "s/^criu_\(.*\)_$ARCH/\1/p" "$new/packages")
  key="$criu-$(sha256sum <"$new/packages" | cut -c1-8)-$RECIPE"
  target="$CACHE/userland/$ARCH/$key"
  if [ ! -e "$target/root.cpio.gz" ]; then
    merged_root "$new/root"
    mkdir -p "$new/root/usr/lib/$TRIPLET"
    copy_closure "$new/all" "$new/root"
    finish_userland "$new/root"
    pack "$new/root" "$new/root.cpio.gz"
    rm -rf "$new/all" "$new/root" "$tree/archives"
    publish "$new" "$target"
  fi
  rm -rf "$new"
  ln -sfn "$key" "$CACHE/userland/$ARCH/current"
  echo "kernels: userland has criu $criu"
}

# Python and its library beside that userland, for guests in which tests/specimens run; another machine's own has the amd64 one
# from scripts/programs.
fetch_python() {
  local tree="$CACHE/apt/$ARCH/$USERLAND_SUITE" new="$CACHE/python/$ARCH/new" key deb
  suite_update "$USERLAND_SUITE"
  rm -rf "$tree/archives" "$new"
  retry suite_apt "$USERLAND_SUITE" apt-get install -y -d -qq python3
  mkdir -p "$new"
  merged_root "$new/all"
  for deb in "$tree"/archives/*.deb; do
    basename "$deb" .deb
    unpack_deb "$deb" "$new/all"
  done >"$new/packages"
  key="$(sed -n 's/^libpython3-stdlib_\([^_]*\)_.*/\1/p' "$new/packages")-$(sha256sum <"$new/packages" | cut -c1-8)-$RECIPE"
  if [ ! -e "$CACHE/python/$ARCH/$key/root.cpio.gz" ]; then
    merged_root "$new/root"
    mkdir -p "$new/root/usr/lib/$TRIPLET"
    cp -a "$new/all"/usr/lib/python3.* "$new/root/usr/lib/"
    (cd "$new/root/usr/lib"/python3.* && rm -rf test idlelib ensurepip pydoc_data tkinter lib2to3 turtledemo config-* __pycache__)
    PROGRAMS=python3 copy_closure "$new/all" "$new/root" "$new/root/usr/lib"/python3.*/lib-dynload/*.so
    pack "$new/root" "$new/root.cpio.gz"
    rm -rf "$new/all" "$new/root" "$tree/archives"
    publish "$new" "$CACHE/python/$ARCH/$key"
  fi
  rm -rf "$new"
  ln -sfn "$key" "$CACHE/python/$ARCH/current"
}

sweep() { # removes what no link names any more
  local folder name
  for folder in "$CACHE/images/$ARCH" "$CACHE/userland/$ARCH" "$CACHE/python/$ARCH"; do
    [ -d "$folder" ] || continue
    comm -23 <(find "$folder" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort) \
      <(find "$folder" -maxdepth 1 -type l -printf '%l\n' | sort) | while read -r name; do rm -rf "${folder:?}/$name"; done
  done
}

fetch() { # fetch [--refresh] : all that the matrix needs; what is in the cache stays as it is, unless newer packages are asked for
  local name suite pattern flavour
  need apt-get dpkg-deb depmod modprobe cpio gzip xz zstd readelf flock
  apt_begin
  while read -r name suite pattern flavour; do
    [ -n "$name" ] || continue
    if [ "${1:-}" = --refresh ] || ! made "$CACHE/images/$ARCH/$name"; then fetch_kernel "$name" "$suite" "$pattern" "$flavour"; fi
  done <<<"$KERNELS"
  if [ "${1:-}" = --refresh ] || ! made "$CACHE/userland/$ARCH/current"; then fetch_userland; fi
  if [ "$ARCH" = arm64 ] && { [ "${1:-}" = --refresh ] || ! made "$CACHE/python/$ARCH/current"; }; then fetch_python; fi
  if [ "${1:-}" = --refresh ]; then sweep; fi
  apt_end
  # The poor kernel is compiled, so it is this machine's alone.
  [ "$ARCH" != amd64 ] || "$TOP/scripts/poor-kernel" "$@"
}
