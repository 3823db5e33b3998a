#!/usr/bin/env bash
# Tries the README's commands where nothing is installed: a minimal Debian with git on top.
#
#   tests/fresh_root.sh [--test] [SUITE]      as root, with debootstrap installed
#
# In a new root of SUITE (bookworm unless told; one that this machine's own apt sources have) it
# clones the commit that is checked out here, runs a short benchmark, with --test also `./run test`,
# and then the benchmark again, to time a second start. It prints PASS or FAIL last and exits 0 or 1;
# 2 says that it could not try.
#
# The network is reached as this machine reaches it: apt's configuration, the certificates, the
# proxies and the resolver are copied, and the mirror is the one that apt has for SUITE. The bare
# root is kept in ${XDG_CACHE_HOME:-~/.cache}/voxelmark-fresh-root, to be deleted for a newer one.
# The copy in use needs 3 GB in ${TMPDIR:-/var/tmp}. Mounts are made in a mount namespace of their
# own: they end with it, whatever ends it.
set -euo pipefail

max_start=3  # seconds that a start may take when everything is built

fail() { printf 'fresh_root: %s\n' "$*" >&2; exit 2; }
note() { printf 'fresh_root: %s\n' "$*"; }

with_tests=
suite=bookworm
for argument; do
  case $argument in
    --test) with_tests=yes ;;
    -*) fail "usage: tests/fresh_root.sh [--test] [SUITE]" ;;
    *) suite=$argument ;;
  esac
done

((EUID == 0)) || fail "needs to be root"
for tool in debootstrap git unshare tar; do
  command -v "$tool" >/dev/null || fail "needs $tool"
done

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# The checkout may be another user's.
in_checkout() { git -c safe.directory='*' -C "$here" "$@"; }
commit=$(in_checkout rev-parse --verify --quiet HEAD) || fail "nothing is committed here"
repository=$(in_checkout rev-parse --path-format=absolute --git-common-dir)
[[ -z $(in_checkout status --porcelain) ]] || note "what is not committed is not tried"

# shellcheck disable=SC2016 # apt-get expands these
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' |
  awk -v suite="$suite" '$2 == suite { print $1; exit }')
[[ $mirror ]] || fail "apt's sources on this machine have no suite $suite"

apt_proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
[[ -n ${http_proxy:-} || -z $apt_proxy || $apt_proxy == DIRECT ]] || export http_proxy=$apt_proxy

work=$(mktemp -d "${TMPDIR:-/var/tmp}/voxelmark-fresh-root.XXXXXX")
child=
# unshare takes its namespace, and all that runs there, with it; it heeds no gentler signal.
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
  [[ -z $child ]] || { kill -KILL "$child" && wait "$child"; } 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
root=$work/root

cache=${XDG_CACHE_HOME:-$HOME/.cache}/voxelmark-fresh-root
base=$cache/$suite-$(dpkg --print-architecture).tar.gz
if [[ ! -e $base ]]; then
  note "making the bare root of $suite"
  # debootstrap mounts the new root's /proc: in a namespace, it cannot be left behind.
  unshare --mount --propagation private \
    debootstrap --variant=minbase --include=git "$suite" "$root" "$mirror" >"$work/log" 2>&1 ||
    { tail "$work/log" >&2; fail "debootstrap failed"; }
  mkdir -p "$cache"
  tar -C "$root" --exclude='./var/cache/apt/archives/*.deb' -czpf "$work/base" .
  mv "$work/base" "$base"
  rm -rf --one-file-system "$root"
fi
mkdir "$root"
tar -C "$root" --numeric-owner -xpf "$base"

# The files are copied as what they are, not as links, which may lead out of the new root.
rm -rf "$root/etc/apt"
for path in /etc/apt /etc/ssl/certs /usr/share/keyrings /usr/local/share/ca-certificates \
  /etc/resolv.conf /etc/hosts ${SSL_CERT_FILE:+"$SSL_CERT_FILE"}; do
  [[ -e $path ]] || continue
  mkdir -p "$root$(dirname "$path")"
  cp -aLT "$path" "$root$path" 2>/dev/null || true  # some certificate links lead nowhere
done
mkdir -p "$root/mnt/repository"

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
  LANG=C.UTF-8)
for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
  SSL_CERT_FILE SSL_CERT_DIR; do
  [[ -z ${!name:-} ]] || environment+=("$name=${!name}")
done

# inside COMMAND...: becomes it in the new root, with a /proc and /dev and the repository to read.
inside() {
  # shellcheck disable=SC2016 # the inner shell expands these
  exec unshare --mount --propagation private --pid --fork --kill-child bash -euc '
    root=$1 repository=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount --bind "$repository" "$root/mnt/repository"
    mount -o remount,bind,ro "$root/mnt/repository"
    exec chroot "$root" env -i "$@"
  ' bash "$root" "$repository" "${environment[@]}" "$@" </dev/null
}

status=0
# try WHAT COMMAND...: says how long it took, or that it failed; sets seconds.
try() {
  local what=$1 begin end code=0
  shift
  begin=$(date +%s%N)
  # In the background, as a signal would otherwise be heeded only when the command has ended.
  inside bash -c "cd /root/voxelmark 2>/dev/null || cd; $*" &
  child=$!
  wait "$child" || code=$?
  child=
  end=$(date +%s%N)
  seconds=$(awk -v ns=$((end - begin)) 'BEGIN { printf "%.1f", ns / 1e9 }')
  if ((code)); then
    note "FAILED: $what (exit status $code, $seconds s)"
    status=1
  else
    note "$what: $seconds s"
  fi
}

bench='./run bench --filter GaussianBlur3D --size 64x64x16 --json out.json && [ -s out.json ]'
try "clone" "git config --global --add safe.directory '*' &&
  git clone --quiet /mnt/repository voxelmark && git -C voxelmark checkout --quiet $commit"
if ((status == 0)); then
  try "install, build and first benchmark" "$bench"
  [[ -z $with_tests ]] || try "tests" ./run test
  try "second benchmark" "rm -f out.json; $bench"
  try "second start alone" "./run bench --help >/dev/null"
  if awk -v s="$seconds" -v max=$max_start 'BEGIN { exit !(s > max) }'; then
    note "FAILED: a second start takes more than $max_start s"
    status=1
  fi
fi
((status)) && echo FAIL || echo PASS
exit $status
