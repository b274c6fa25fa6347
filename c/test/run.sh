#!/bin/sh
# Runs test programs, and prints what each has printed in one piece when it ends. Exits with 1 if one of them failed.
#
#   test/run.sh JOBS PREFIX TEST...    JOBS at a time, each as the command "PREFIX TEST"; neither may hold quotes
set -u

# In a process of its own for each test, as xargs starts it.
if [ "$1" = --one ]; then
  folder=$2 prefix=$3 test=$4 status=0
  output=$(mktemp "$folder/output.XXXXXX")
  # Both may be several words.
  # shellcheck disable=SC2086
  $prefix $test >"$output" 2>&1 || status=1
  [ $status -eq 0 ] || echo "$test: FAILED" >>"$output"
  until mkdir "$folder/printing" 2>/dev/null; do sleep 0.05; done
  cat "$output"
  rmdir "$folder/printing"
  exit $status
fi

jobs=$1 prefix=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%s\n' "$@" | xargs -P "$jobs" -I '{}' "$0" --one "$folder" "$prefix" '{}' || exit 1
