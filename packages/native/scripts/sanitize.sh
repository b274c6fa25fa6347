#!/usr/bin/env bash
# Runs the tests of the addon, and of what is right above it, with an addon that is checked: AddressSanitizer, LeakSanitizer and
# UndefinedBehaviorSanitizer, whose libraries are preloaded into an ordinary Node. Puts the ordinary addon back.
#
#   packages/native/scripts/sanitize.sh [TEST...]    default: all tests of packages/native and packages/core
set -eu
cd "$(dirname "$0")/../../.."
export PATH="$PWD/node_modules/.bin:$PATH"
addon=packages/native/build/Release/isthmus.node
compiler=${CC:-gcc}

suppressions=$(mktemp)
put_back() {
  rm -f "$suppressions" "$addon"
  npm run -s build -w @isthmus/native
}
trap put_back EXIT

cat >"$suppressions" <<'END'
# What Node keeps for as long as it runs.
leak:ossl_load_builtin_compressions
# Node frees a promise when it is settled, and one that a Worker's end cut off never is.
leak:napi_create_promise
END

rm -f "$addon"
CC=$compiler CFLAGS='-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined' npm run -s build -w @isthmus/native
if [ $# -eq 0 ]; then set -- 'packages/native/test/**/*.test.ts' 'packages/core/test/**/*.test.ts'; fi
LD_PRELOAD=$($compiler -print-file-name=libasan.so) \
  ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$suppressions:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1 \
  node --test --test-concurrency="$(getconf _NPROCESSORS_ONLN)" --test-timeout=240000 "$@"
