#!/usr/bin/env bash
# Runs the tests of the addon, and of what is right above it, with an addon that is checked: AddressSanitizer, LeakSanitizer and
# UndefinedBehaviorSanitizer, whose libraries are preloaded into an ordinary Node. The checked addon lies in a folder of its own, so
# that the ordinary one is never touched.
#
#   packages/native/scripts/sanitize.sh [TEST...]    default: those that reach most of the addon, in three minutes; all of them would
#                                                    be 'packages/native/test/*.test.ts' 'packages/core/test/**/*.test.ts'
set -eu
cd "$(dirname "$0")/../../.."
export PATH="$PWD/node_modules/.bin:$PATH"
compiler=${CC:-gcc}

checked=$(mktemp -d)
trap 'rm -rf "$checked"' EXIT

cat >"$checked/suppressions" <<'SUPPRESSIONS'
# What Node keeps for as long as it runs.
leak:ossl_load_builtin_compressions
# Node frees a promise's deferred when it is settled, which it refuses once the environment ends: one that a Worker's end cut off
# never is.
leak:napi_create_promise
SUPPRESSIONS

ISTHMUS_ADDON_ROOT=$checked CC=$compiler \
  CFLAGS='-O1 -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined' \
  node packages/native/scripts/build.mjs
if [ $# -eq 0 ]; then
  native=packages/native/test core=packages/core/test
  # What compiles and installs the addon is not about what it does, and the processes of loop.test.ts do little but end.
  set -- $native/{channel,metadata,region,segment,stream}.test.ts \
    $core/{borrow,caller,channel,draining,hostile,one-way,pings,stream}.test.ts \
    $core/regions/{lifetime,region,torn}.test.ts $core/segments/{attach,create,update}.test.ts
fi
# What is freed is kept back for a while. Little of it: some tests look at how much memory there is.
asan=detect_leaks=1:quarantine_size_mb=16:thread_local_quarantine_size_kb=64
# `env`, because the shell knows no variable of that name.
env "@ISTHMUS/NATIVE_PREBUILD=$checked" LD_PRELOAD="$($compiler -print-file-name=libasan.so)" \
  ASAN_OPTIONS=$asan LSAN_OPTIONS="suppressions=$checked/suppressions:print_suppressions=0" \
  UBSAN_OPTIONS=print_stacktrace=1 ISTHMUS_TEST_CYCLES="${ISTHMUS_TEST_CYCLES:-400}" \
  node --test --test-concurrency="$(getconf _NPROCESSORS_ONLN)" --test-timeout=240000 "$@"
