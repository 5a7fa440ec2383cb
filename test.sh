#!/usr/bin/env bash
# Builds everything and runs all tests.
#
#   ./test.sh [OPTION...]     options of ctest, such as -R nn
set -euo pipefail
cd "$(dirname "$0")"

scripts/setup.sh
cmake --preset release
cmake --build --preset release
exec ctest --preset release --parallel "$(nproc)" "$@"
