#!/usr/bin/env bash
# Runs tests under ThreadSanitizer, with a TBB that it can see into: without, it takes TBB's own
# synchronisation for races.
#
#   tests/tsan.sh TEST...      names of unit tests, as in metrics_test plots_test
#
# TBB is built from the distribution's source package into build/tsan-tbb. Exits with 0 where every
# test passed and no race was found.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
build=$root/build/tsan-tbb
(($#)) || { sed -n '2,9s/^# \?//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

if ! compgen -G "$build/lib/*/libtbb.so.12" >/dev/null; then
  mkdir -p "$build/lists/partial"
  # Apt's own sources, those of binary packages, hold the source packages too.
  apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) main' 'Identifier: Packages' |
    sort -u >"$build/sources.list"
  apt=(apt-get -q -o "Dir::Etc::sourcelist=$build/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$build/lists")
  "${apt[@]}" update
  (cd "$build" && "${apt[@]}" source --download-only onetbb && mkdir -p source &&
    tar -C source --strip-components=1 -xf onetbb_*.orig.tar.*)
  cmake -S "$build/source" -B "$build/lib" -G Ninja -DTBB_TEST=OFF -DTBB_STRICT=OFF \
    -DTBBMALLOC_BUILD=OFF -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_FLAGS="-fsanitize=thread -O1 -g1"
  cmake --build "$build/lib" --target tbb
fi
cmake -S "$root" --preset tsan >/dev/null
cmake --build "$root/build/tsan" --target "$@"
LD_LIBRARY_PATH=$(dirname "$(compgen -G "$build/lib/*/libtbb.so.12")")
export LD_LIBRARY_PATH TSAN_OPTIONS=halt_on_error=1
for test; do
  # Some kernels spread addresses too widely for ThreadSanitizer.
  setarch -R "$root/build/tsan/tests/$test"
done
