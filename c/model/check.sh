#!/bin/sh
# Checks the models with spin: as they are they must hold; with one thing taken away they must not. Prints "model: N passed".
#
#   ./check.sh    all of them, some at a time; about a minute on two cores
set -u
cd "$(dirname "$0")" || exit 1
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "model: 0 passed (skipped: there is no $tool)"; exit 0; }
done

# Says in $folder/result how one check came out. A search that was cut short says nothing, so that is a failure too.
check() {
  folder=$1 model=$2 expected=$3 taken=${4-}
  models=$PWD optimise=-O1
  # What fails is found soon, before the compiler's work would pay.
  [ "$expected" = holds ] || optimise=-O0
  mkdir "$folder"
  (
    cd "$folder" || exit
    # shellcheck disable=SC2086 # none, or some words
    spin -a $taken "$models/$model.pml" >log 2>&1 && gcc $optimise -DSAFETY -DCOLLAPSE -o pan pan.c >>log 2>&1 &&
      ./pan -m100000 -w22 >>log 2>&1
    if grep -q 'Search not completed\|max search depth too small' log && ! grep -q 'errors: 1' log; then found=unknown
    elif grep -q 'errors: 0' log; then found=holds
    elif grep -q 'errors: 1' log; then found=fails
    else found=unknown
    fi
    if [ "$found" = "$expected" ]; then echo passed; else
      echo "model: $model $taken: $found, and not $expected"
      [ "$found" = fails ] || cat log
    fi >result
  )
}

# In a process of its own for each check, as xargs starts it.
if [ "${1-}" = --one ]; then
  folder=$2/$3 model=$4 expected=$5
  shift 5
  check "$folder" "$model" "$expected" "$*"
  exit
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A model, what must become of it, and what is taken away.
checks='ring holds
ring holds -DCELLS=8 -DRECORDS=2
ring fails -DNO_ZERO
ring fails -DNO_HEADER_ROOM
ring fails -DNO_RELEASE_LENGTH
ring fails -DNO_ACQUIRE_LENGTH
ring fails -DNO_RELEASE_POSITION
ring fails -DNO_ACQUIRE_POSITION
ring fails -DNO_WRAP_ROOM
ring fails -DPADDING_FIRST
ring fails -DNO_GIVING_BACK
wake holds
wake holds -DLANES=1
wake holds -DLEVEL
wake holds -DLEVEL -DLANES=1
wake fails -DNO_PRODUCER_FENCE
wake fails -DNO_PRODUCER_FENCE -DLANES=1
wake fails -DNO_CONSUMER_FENCE
wake fails -DNO_CONSUMER_FENCE -DLANES=1
wake fails -DNO_RECHECK
wake fails -DFIRST_ONLY
wake fails -DSAY_AFTER
wake fails -DCLEAR_LATE
wake fails -DNEVER_CLEAR
wake fails -DNOTIFY_BEFORE
region holds
region holds -DSLOTS=2
region fails -DSLOTS=1
region fails -DNO_ZERO
region fails -DNO_RELEASE_FENCE
region fails -DNO_RELEASE_SEQUENCE
region fails -DNO_RELEASE_LATEST
region fails -DNO_ACQUIRE
region fails -DNO_ACQUIRE_FENCE
region fails -DNO_RECHECK
region_wait holds
region_wait holds -DWRITER_FENCES
region_wait fails -DNO_FENCE_OTHERS
region_wait fails -DNO_WAITER_FENCE
region_wait fails -DNO_RECHECK
region_wait fails -DCLEAR_AFTER
region_wait fails -DFORGET_CLEARED
region_wait fails -DWAKE_ONE
region_wait fails -DNO_RECOVERY_WAKE
region_row holds
region_row fails -DNO_RECOVERY
region_row fails -DNO_RELEASE_BUCKET
region_row fails -DNO_RELEASE_ROWS'

# As many at a time as there are CPUs.
number=$(echo "$checks" | wc -l)
echo "$checks" | cat -n | xargs -L 1 -P "$(nproc 2>/dev/null || echo 1)" ./check.sh --one "$scratch"

passed=$(cat "$scratch"/*/result | grep -c '^passed$')
cat "$scratch"/*/result | grep -v '^passed$' >&2
echo "model: $passed passed"
if [ "$passed" -ne "$number" ]; then echo "model: FAILED: $((number - passed)) of $number" && exit 1; fi
