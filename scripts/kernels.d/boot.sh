# Boots one guest and brings its results out. Sourced by scripts/kernels.
# shellcheck shell=bash

archive() { # archive FOLDER : an uncompressed member of an initrd, on stdout
  # Uncompressed: under emulation gunzip of the tested binary takes longer than the copy.
  (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0)
}

# The initrd member with the modules of a kernel, less $WITHOUT and what depends on those.
modules_member() { # modules_member IMAGE : prints its path
  local image=$1 name file release member work
  member="$image/modules${WITHOUT:+-without-${WITHOUT// /-}}.cpio.gz"
  if [ ! -e "$member" ]; then
    release=$(<"$image/release")
    work=$(mktemp -d "$image/work.XXXXXX")
    cp -a "$image/root" "$work/root"
    for name in $WITHOUT; do
      # A line of modules.dep: FILE: THE FILES IT NEEDS
      # shellcheck disable=SC2013 # no blanks in these paths
      for file in $(sed -nE "s#^([^:]*):(.* )?[^ ]*/$name\.ko( .*)?\$#\1#p; s#^([^:]*/$name\.ko):.*#\1#p" "$work/root/usr/lib/modules/$release/modules.dep"); do
        rm -f "$work/root/usr/lib/modules/$release/$file"
      done
    done
    depmod -b "$work/root" "$release"
    # The guest has these links already.
    rm -f "$work/root/bin" "$work/root/sbin" "$work/root/lib" "$work/root/lib64"
    pack "$work/root" "$work/member"
    mv "$work/member" "$member"
    rm -rf "$work"
  fi
  echo "$member"
}

make_initrd() { # make_initrd KERNEL VARIANT IMAGE JOB FILE
  local kernel=$1 variant=$2 image=$3 job=$4 initrd=$5 release
  local own="$initrd.d"
  release=$(<"$image/release")
  mkdir -p "$own/job" "$own/boot"
  cp "$LIB/guest/init" "$own/init"
  cp "$LIB/guest/run" "$own/job/run"
  cp "$job" "$own/job/job"
  cp "$image/config" "$own/boot/config-$release"
  echo "$MODULES_WANTED" >"$own/job/modules"
  printf "KERNEL='%s' VARIANT='%s' MODULES='%s' LEAVE_OUT='%s' RESULT_DEVICE='%s'\n" \
    "$kernel" "$variant" "$MODULES" "$LEAVE_OUT" "$RESULT_DEVICE" >"$own/job/settings"
  [ -z "$BEFORE" ] || echo "$BEFORE" >"$own/job/before"
  [ ! -e "$CREADY_BINARY" ] || cp --reflink=auto "$CREADY_BINARY" "$own/job/cready"
  {
    cat "$CACHE/userland/$ARCH/current/root.cpio.gz"
    [ "$MODULES" = none ] || [ ! -e "$image/root" ] || cat "$(modules_member "$image")"
    archive "$own"
    # Each a member of its own, padded: more programs than the common userland has.
    # shellcheck disable=SC2086 # a list of files
    [ -z "${CREADY_VM_MEMBERS:-}" ] || cat $CREADY_VM_MEMBERS
  } >"$initrd"
  rm -rf "$own"
}

# What a guest can do without, two seconds of its boot; no check asks about any of it.
QUICK='mitigations=off nokaslr cryptomgr.notests init_on_alloc=0'

emulate() { # emulate IMAGE INITRD FOLDER : never KVM, guests hang under it where it is nested
  local image=$1 initrd=$2 folder=$3
  # In the foreground: whoever ends this script's process group ends the guest too.
  # shellcheck disable=SC2086 # MACHINE and RESULTS are lists of words
  timeout --foreground -k 5 "$TIME_LIMIT" "$QEMU" $MACHINE -accel tcg -cpu "${CREADY_VM_CPU:-$CPU}" -m "${CREADY_VM_MEMORY:-1024}" -nodefaults -display none -no-reboot \
    -kernel "$image/vmlinuz" -initrd "$initrd" \
    -append "console=$CONSOLE panic=-1 quiet loglevel=4 $QUICK $APPEND" \
    -serial "file:$folder/console.log" -chardev "file,id=results,path=$folder/result.tar.gz" $RESULTS \
    </dev/null >"$folder/qemu.log" 2>&1
}

# One run. FOLDER is made anew; `done` in it says that the job came to its end.
boot() { # boot KERNEL VARIANT JOB FOLDER
  local kernel=$1 variant=$2 job=$3 folder=$4 image try ended=no code=0 from=$SECONDS
  need "$QEMU" cpio depmod timeout
  variant "$variant"
  APPEND="$APPEND ${MORE_APPEND:-}"
  [ -z "${MORE_BEFORE:-}" ] || BEFORE="$BEFORE
$MORE_BEFORE"
  image=$(readlink -f "$CACHE/images/$ARCH/$kernel")
  if [ ! -e "$image/vmlinuz" ] || [ ! -e "$CACHE/userland/$ARCH/current/root.cpio.gz" ]; then
    echo "kernels: $kernel is not in the cache; run scripts/kernels fetch" >&2
    return 1
  fi
  mkdir -p "$CACHE/work"
  work=$(mktemp -d "$CACHE/work/XXXXXX")
  trap 'rm -rf "$work"' EXIT
  for try in 1 2; do
    rm -rf "$folder"
    mkdir -p "$folder"
    make_initrd "$kernel" "$variant" "$image" "$job" "$work/initrd"
    code=0
    emulate "$image" "$work/initrd" "$folder" || code=$?
    if tar -xzf "$folder/result.tar.gz" -C "$folder" 2>>"$folder/qemu.log" && [ -e "$folder/done" ]; then ended=yes; fi
    rm -f "$folder/result.tar.gz"
    [ "$ended" = no ] || break
    echo "kernels: $kernel $variant: no result after $((SECONDS - from)) s (qemu's exit code $code), try $try" >&2
  done
  cp "$image/config" "$folder/facts/config" 2>/dev/null || true
  printf '{"kernel":"%s","variant":"%s","release":"%s","architecture":"%s","ended":%s,"tries":%d,"seconds":%d}\n' \
    "$kernel" "$variant" "$(<"$image/release")" "$ARCH" "$([ $ended = yes ] && echo true || echo false)" "$try" "$((SECONDS - from))" >"$folder/run.json"
  if [ "$ended" = no ]; then
    echo "kernels: $kernel $variant gave no result; see $folder/console.log and qemu.log" >&2
    return 1
  fi
}
