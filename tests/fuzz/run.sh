#!/usr/bin/env bash
# Fuzzes the parsers with libFuzzer; a finding ends in build/fuzzing/<target>/ and fails the run.
#
#   tests/fuzz/run.sh PROGRAM SECONDS [TARGET...]     PROGRAM: build/fuzz/tests/fuzz
#
# TARN_FUZZ_RUNS=10000000 also ends a target after so many inputs.
set -uo pipefail

program=$(realpath "$1") || exit
cd "$(dirname "$0")/.." || exit
seconds=$2
shift 2
wanted=" $* "

# fuzz "TARGET FOLDER...": with its seeds, and with what earlier runs found worth keeping.
fuzz() {
  local target folders log max_len=2048
  read -r target folders <<<"$1"
  [[ $target == cifar10 ]] && max_len=8192  # two records
  [[ -d fuzz/regressions/$target ]] && folders+=" fuzz/regressions/$target"
  mkdir -p "../build/fuzzing/$target/corpus"
  log=../build/fuzzing/$target/log
  # shellcheck disable=SC2086  # several folders
  TARN_FUZZ=$target TARN_NUM_THREADS=1 ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=2 UBSAN_OPTIONS=print_stacktrace=1 \
    bash -c 'time "$@"' _ "$program" -max_total_time="$seconds" -runs="${TARN_FUZZ_RUNS:--1}" -max_len="$max_len" \
    -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=64 -print_final_stats=1 \
    -artifact_prefix="../build/fuzzing/$target/" "../build/fuzzing/$target/corpus" $folders >"$log" 2>&1
  local code=$?
  echo "$target: $(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs," \
    "$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1) edges, $(sed -n 's/^user\t//p' "$log") of user time, exit code $code"
  ((code == 0)) || tail -n 40 "$log"
  return "$code"
}
export -f fuzz
export program seconds

selected=()
while read -r line; do
  if [[ $wanted == "  " || $wanted == *" ${line%% *} "* ]]; then selected+=("$line"); fi
done < <("$program")
((${#selected[@]})) || { echo "$program has no such target:$wanted" >&2; exit 2; }
# shellcheck disable=SC2016  # the inner shell expands it
printf '%s\0' "${selected[@]}" | xargs -0 -P "$(nproc)" -I {} bash -c 'fuzz "$1"' _ {}
