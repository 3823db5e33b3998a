#!/usr/bin/env bash
# Makes a folder that runs on another machine without installing anything: programs with the shared libraries
# that they need. glibc, the C++ runtime and the OpenCL loader are left to that machine, whose drivers are
# built against its own. Usage: cmake/bundle.sh FOLDER PROGRAM...
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 FOLDER PROGRAM..." >&2; exit 2; }
folder=$1; shift
mkdir -p "$folder/lib"
cp "$@" "$folder/"
ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
  grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv|ld-linux[^/]*|libstdc\+\+|libgcc_s|libOpenCL)\.so' |
  xargs -I{} cp -L {} "$folder/lib/"
