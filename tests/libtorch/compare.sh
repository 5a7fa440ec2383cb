#!/usr/bin/env bash
# Builds behaviour.cpp against libtorch (Debian: libtorch-dev) and against an installed or built
# tarn, and compares what they print. Numbers may differ by rounding.
#
#   tests/libtorch/compare.sh [BUILD]      BUILD: tarn's build folder, build/release by default
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cxx=${CXX:-g++}
"$cxx" -std=c++17 -O1 tests/libtorch/behaviour.cpp -o "$out/libtorch" \
  -isystem /usr/include/torch/csrc/api/include -ltorch -ltorch_cpu -lc10
"$cxx" -std=c++20 -O1 tests/libtorch/behaviour.cpp -o "$out/tarn" \
  -I"$build/include" -Icompat "$build/libtarn.a" -fopenmp -lz -pthread
"$out/libtorch" > "$out/libtorch.txt"
"$out/tarn" > "$out/tarn.txt"
python3 tests/libtorch/compare.py "$out/libtorch.txt" "$out/tarn.txt"
