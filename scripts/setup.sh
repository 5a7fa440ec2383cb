#!/usr/bin/env bash
# Installs what tarn needs on Debian 12; does nothing when everything is there.
#
#   scripts/setup.sh [--ci]     --ci: also what .ci/run needs
set -euo pipefail

packages=(g++ cmake ninja-build libeigen3-dev librandom123-dev libstb-dev zlib1g-dev
          nlohmann-json3-dev libcli11-dev libgtest-dev libbenchmark-dev
          libopenmpi-dev openmpi-bin pkgconf python3 curl ca-certificates)
case ${1-} in
  "") ;;
  --ci) packages+=(clang clang-format clang-tidy libclang-rt-14-dev libomp-14-dev git
                     dataset-fashion-mnist doxygen) ;;
  *) echo "usage: scripts/setup.sh [--ci]" >&2; exit 2 ;;
esac

fail() {
  echo "setup: $1: install by hand, as root: apt-get install ${missing[*]}" >&2
  exit 1
}

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

command -v apt-get >/dev/null || fail "this is not Debian (no apt-get)"
sudo=
if ((EUID != 0)); then
  command -v sudo >/dev/null || fail "not root, and there is no sudo"
  sudo=sudo
  [[ -t 0 ]] || sudo="sudo -n"
fi
echo "setup: installing ${missing[*]}" >&2
# A machine that was just started may be installing something itself.
apt() {
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
}
apt update || fail "apt-get update failed (no network, or no rights?)"
apt install -y --no-install-recommends "${missing[@]}" ||
  fail "apt-get install failed (no network, no rights, or another installation under way?)"
