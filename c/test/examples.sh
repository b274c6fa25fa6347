#!/bin/sh
# Runs the example service and client against each other: test/examples.sh BUILD.
set -eu
folder=$(mktemp -d)
"$1/examples/service" --socket "$folder/statistics.sock" &
service=$!
trap 'kill $service 2>/dev/null || true; wait $service || true; rm -rf "$folder"' EXIT
tries=0
while [ ! -S "$folder/statistics.sock" ] && [ $tries -lt 100 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
output=$("$1/examples/client" "$folder/statistics.sock")
expected='mean 2.5, deviation 1.11803
10000 replies, 0 of them errors'
if [ "$output" != "$expected" ]; then
  printf 'examples: the client printed:\n%s\n' "$output" >&2
  exit 1
fi
echo "examples: 1 passed"
