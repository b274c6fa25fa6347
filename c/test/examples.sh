#!/bin/sh
# Runs each example service and its client against each other: test/examples.sh BUILD.
set -eu
folder=$(mktemp -d)
service=
trap 'kill $service 2>/dev/null || true; wait $service || true; rm -rf "$folder"' EXIT

# run SERVICE CLIENT EXPECTED: what the client prints is what is expected.
run() {
  "$build/examples/$1" --socket "$folder/$1.sock" &
  service=$!
  tries=0
  while [ ! -S "$folder/$1.sock" ] && [ $tries -lt 600 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
  # The socket is there a moment before anybody listens on it.
  until output=$("$build/examples/$2" "$folder/$1.sock"); do
    tries=$((tries + 1))
    [ $tries -lt 700 ] || exit 1
    sleep 0.05
  done
  if [ "$output" != "$3" ]; then
    printf 'examples: %s printed:\n%s\n' "$2" "$output" >&2
    exit 1
  fi
  kill $service
  wait $service
}

build=$1
run service client 'mean 2.5, deviation 1.11803
10000 replies, 0 of them errors'
run journal_service journal_client 'next: 0 a day like any other
replay: 0 a day like any other
replay: 1 rain in the evening
replay: 2 nothing more'
run stations_service stations_reader 'oslo: -3.5 C, report 1
lima: 19 C, report 1
oslo: -4 C, report 2
lima: 19 C, report 1'
echo "examples: 3 passed"
