#!/bin/sh
# Builds the fuzzers (clang's libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer) and runs each for so many seconds.
#
#   c/fuzz/run.sh [SECONDS] [NAME ...]     by default 10 s each, all of them, two at a time
#
# FUZZ_SEED (1) makes other inputs, or, with 0, other ones each time. Inputs that reached something new are kept in
# c/build/fuzz/corpus, from where the next run goes on. An input that breaks something is named, and how to run it again.
set -eu
cd "$(dirname "$0")/.."
seconds=${1-10}
[ $# -eq 0 ] || shift
build=build/fuzz

make -s -j "$(nproc 2>/dev/null || echo 1)" CC=clang SANITIZE=address,undefined BUILD="$build" CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzzers
[ $# -gt 0 ] || set -- $(for source in fuzz/*_fuzz.c; do basename "$source" _fuzz.c; done)

# One fuzzer: its own words only where it fails.
run_one() {
  name=$1 log="$build/$1.log"
  mkdir -p "$build/corpus/$name" "$build/crashes"
  if "$build/fuzz/${name}_fuzz" -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -max_len=1024 -timeout=60 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$build/crashes/$name-" "$build/corpus/$name" >"$log" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    tail -n 60 "$log"
    input=$(sed -n 's/^.*Test unit written to //p' "$log" | tail -n 1)
    echo "fuzz: $name FAILED; again: c/$build/fuzz/${name}_fuzz c/${input:-"(see c/$log)"}"
    return 1
  fi
}

failed=0
while [ $# -gt 0 ]; do
  run_one "$1" & first=$!
  second=
  if [ $# -gt 1 ]; then run_one "$2" & second=$!; fi
  count=$((${count-0} + 1))
  wait "$first" || failed=1
  if [ -n "$second" ]; then
    count=$((count + 1))
    wait "$second" || failed=1
    shift
  fi
  shift
done
[ "$failed" -eq 0 ] || exit 1
echo "fuzz: $count passed"
