# A private apt tree for each suite: the machine's own apt state stays as it is. Sourced by scripts/kernels.
# shellcheck shell=bash

# The archive that this machine's apt already uses; its address is read here and kept nowhere. Another one can be given,
# for all suites or for one (CREADY_DEBIAN_ARCHIVE_bullseye): old suites leave the mirrors one day.
debian_archive() { # debian_archive SUITE
  local codename uri one="CREADY_DEBIAN_ARCHIVE_$1"
  uri=${!one:-${CREADY_DEBIAN_ARCHIVE:-}}
  if [ -n "$uri" ]; then
    echo "$uri"
    return
  fi
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # apt's own placeholders
  uri=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v c="$codename" '$1 == c && $2 == "main" { print $3; exit }')
  if [ -z "$uri" ]; then
    echo "kernels: apt names no Debian archive for $codename; set CREADY_DEBIAN_ARCHIVE to its address" >&2
    return 1
  fi
  echo "$uri"
}

need() { # need PROGRAM… : all that are missing are named at once
  local program missing=''
  for program in "$@"; do command -v "$program" >/dev/null || missing="$missing $program"; done
  [ -z "$missing" ] || die "these programs are missing:$missing; scripts/test installs them (APT_FOR_TESTS in scripts/pins)."
}

retry() { # retry COMMAND…
  local try
  for try in 1 2 3; do
    "$@" && return 0
    [ "$try" = 3 ] || { echo "kernels: try $try failed: $*" >&2; sleep $((try * 5)); }
  done
  echo "kernels: cannot do this, is the Debian archive reachable? $*" >&2
  return 1
}

suite_apt() { # suite_apt SUITE apt-get|apt-cache WORD…
  local suite=$1 program=$2 tree
  shift 2
  tree="$CACHE/apt/$ARCH/$suite"
  mkdir -p "$tree/lists/partial" "$tree/archives/partial"
  : >>"$tree/status"
  [ -e "$tree/sources.list" ] ||
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_archive "$suite") $suite main" >"$tree/sources.list"
  "$program" -o Dir::State="$tree" -o Dir::State::status="$tree/status" -o Dir::Cache="$tree" \
    -o Dir::Etc::sourcelist="$tree/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o APT::Architecture="$ARCH" -o APT::Architectures="$ARCH" -o APT::Sandbox::User=root \
    -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

apt_begin() { # one at a time: the trees are shared by scripts/kernels and scripts/poor-kernel
  exec 8>"$CACHE/apt.lock"
  flock 8
}

apt_end() { # the lists are larger than all that is kept of the packages
  rm -rf "$CACHE/apt/$ARCH"
  flock -u 8
}

suite_update() { # suite_update SUITE
  rm -f "$CACHE/apt/$ARCH/$1/sources.list"
  retry suite_apt "$1" apt-get update -qq
}

suite_download() { # suite_download SUITE FOLDER PACKAGE… : just these packages
  local suite=$1 folder=$2
  shift 2
  mkdir -p "$folder"
  (cd "$folder" && retry suite_apt "$suite" apt-get download -qq "$@")
}

unpack_deb() { # unpack_deb FILE ROOT
  # A link to a folder that ROOT already has (lib -> usr/lib) must stay a link.
  dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"
}

merged_root() { # merged_root FOLDER : an empty root with Debian's merged /usr
  mkdir -p "$1/usr/bin" "$1/usr/sbin" "$1/usr/lib" "$1/usr/lib64"
  ln -s usr/bin "$1/bin"
  ln -s usr/sbin "$1/sbin"
  ln -s usr/lib "$1/lib"
  ln -s usr/lib64 "$1/lib64"
}
