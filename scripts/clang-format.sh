#!/bin/sh
# Checks the layout of every C file that people write, or with --fix corrects it. What a generator
# wrote is left alone, and so are templates, whose lines change their length when names are filled in.
set -eu
cd "$(dirname "$0")/.."

if ! command -v clang-format >/dev/null; then
  echo "clang-format is missing: install it (Debian: apt-get install clang-format)" >&2
  exit 1
fi
case ${1-} in
--fix) set -- -i ;;
*) set -- --dry-run -Werror ;;
esac
git ls-files -z -- '*.c' '*.h' ':!c/dist' ':!**/generated/**' ':!packages/cli/templates' | xargs -0 clang-format "$@"
