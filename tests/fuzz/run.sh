#!/usr/bin/env bash
# Fuzzes the parsers with libFuzzer; a finding ends in build/fuzzing/<target>/ and fails the run.
#
#   tests/fuzz/run.sh PROGRAM SECONDS [TARGET...]     PROGRAM: build/fuzz/tests/fuzz
set -uo pipefail

program=$(realpath "$1") || exit
cd "$(dirname "$0")/.." || exit
seconds=$2
shift 2
targets=("$@")
((${#targets[@]})) || targets=(idx image cifar10 csv npy npz safetensors checkpoint)

# fuzz TARGET: with the seeds of tests/fuzz/targets.cpp and what earlier runs found worth keeping.
fuzz() {
  local target=$1 work=../build/fuzzing/$1 folders=() folder
  mkdir -p "$work/corpus"
  for folder in fuzz/seeds/"$target" fixtures/"$target" fuzz/regressions/"$target"; do
    [[ -d $folder ]] && folders+=("$folder")
  done
  [[ $target == image ]] && folders+=(fixtures/images)
  [[ $target == checkpoint ]] && folders+=(fixtures/safetensors)
  TARN_FUZZ=$target TARN_NUM_THREADS=1 "$program" -max_total_time="$seconds" -timeout=10 -max_len=8192 \
    -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$work/" "$work/corpus" "${folders[@]}" \
    >"$work/log" 2>&1
  local code=$?
  echo "$target: $(sed -n 's/stat::number_of_executed_units: *//p' "$work/log") inputs, exit code $code"
  ((code == 0)) || tail -n 30 "$work/log"
  return "$code"
}
export -f fuzz
export program seconds

printf '%s\0' "${targets[@]}" | xargs -0 -P "$(nproc)" -I {} bash -c 'fuzz {}'
