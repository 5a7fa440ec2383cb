#!/usr/bin/env bash
# Checks the formatting of the C++ sources and looks for words of unfinished work.
#
#   scripts/check_style.sh [--fix]     --fix: formats the sources in place first
set -euo pipefail
cd "$(dirname "$0")/.."

format() {
  git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cpp' |
    xargs -0 -r clang-format "$@"
}

failed=0
[[ ${1-} != --fix ]] || format -i
format --dry-run -Werror || failed=1

words='\b(TODO|FIXME|XXX|HACK)\b|not implemented'
if git grep -nIE --untracked "$words" -- ':!scripts/check_style.sh'; then
  echo "check_style: finish or remove what these lines announce" >&2
  failed=1
fi
exit "$failed"
