#!/usr/bin/env bash
# Runs a program on several made-up hosts of this machine: network namespaces whose links have a limited
# bandwidth and a delay. Needs root, iproute2 and Open MPI; exits with 77 where they can't be had.
#
#   tests/mpi/on_hosts.sh HOSTS RATE DELAY PROGRAM [ARGUMENT...]
#   tests/mpi/on_hosts.sh 2 1gbit 0.1ms build/release/benchmarks/data_parallel --width 1024
#
# RATE is that of each host's link in either direction, DELAY what a packet takes from a host to another (0: none): by
# netem, or where the kernel has none, by delayed_link.py, which costs time of a processor for each packet.
set -euo pipefail

(($# >= 4)) || { sed -n '2,9p' "$0" >&2; exit 2; }
hosts=$1 rate=$2 delay=$3
shift 3
prefix=tarn$$
folder=$(mktemp -d)
agent=$folder/agent

links=()  # processes
clean() {
  ((${#links[@]} == 0)) || kill "${links[@]}" 2>/dev/null || true
  for ((h = 1; h <= hosts; h++)); do ip netns del "$prefix-$h" 2>/dev/null || true; done
  ip link del "$prefix" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean EXIT

skip() { echo "on_hosts: skipped: $1" >&2; exit 77; }
command -v mpirun >/dev/null || skip "there is no mpirun"
command -v tc >/dev/null || skip "there is no tc (Debian: iproute2)"
ip link add "$prefix" type bridge 2>/dev/null || skip "no rights to make a network"
ip link set "$prefix" up

has_netem() {
  ip link add "$prefix.t" type dummy 2>/dev/null || return 1
  local found=0
  tc qdisc add dev "$prefix.t" root netem delay 1ms 2>/dev/null || found=1
  ip link del "$prefix.t"
  return $found
}
delay_by=none
if [[ $delay != 0 ]]; then
  delay_by=netem
  has_netem || delay_by=delayed_link
fi

# A link between the bridge's $prefix.H and the host's eth0, whose end is called like the host until it is there.
add_link() {
  local name=$1 end=$2
  if [[ $delay_by != delayed_link ]]; then
    ip link add "$end" type veth peer name "$name"
    return
  fi
  [[ -c /dev/net/tun ]] || skip "a delay needs netem in the kernel, or /dev/net/tun"
  command -v python3 >/dev/null || skip "a delay without netem in the kernel needs python3"
  mkfifo "$folder/ready.$name"
  "$(dirname "$0")/delayed_link.py" "$name" "$end" "$delay" >"$folder/ready.$name" &
  links+=($!)
  local ready= code=0
  read -r ready <"$folder/ready.$name" || true
  [[ $ready != ready ]] || return 0
  wait $! || code=$?
  ((code != 2)) || exit 2
  skip "no rights to make TAP devices"
}

list=
for ((h = 1; h <= hosts; h++)); do
  name=$prefix-$h
  ip netns add "$name" 2>/dev/null || skip "no rights to make network namespaces"
  add_link "$name" "$prefix.$h"
  ip link set "$name" netns "$name" name eth0
  ip link set "$prefix.$h" master "$prefix" up
  ip -n "$name" addr add "10.77.0.$h/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" link set lo up
  ip netns exec "$name" tc qdisc add dev eth0 root handle 1: tbf rate "$rate" burst 64kb latency 200ms 2>/dev/null ||
    skip "no rights to limit a bandwidth"
  tc qdisc add dev "$prefix.$h" root tbf rate "$rate" burst 64kb latency 200ms
  if [[ $delay_by == netem ]]; then
    ip netns exec "$name" tc qdisc add dev eth0 parent 1: netem delay "$delay" limit 100000
  fi
  list+=${list:+,}10.77.0.$h
done

# mpirun starts its daemon on a host by `agent HOST COMMAND...`; each has a folder of its own.
cat >"$agent" <<END
#!/bin/sh
host=\${1##*.}
shift
mkdir -p $folder/\$host
export TMPDIR=$folder/\$host
exec ip netns exec $prefix-\$host sh -c "\$*"
END
chmod +x "$agent"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Its daemons share a description of the machine at an address that, now and then, one of them has taken: not here.
ip netns exec "$prefix-1" mpirun --mca rtc_hwloc_vmhole none --host "$list" -n "$hosts" --bind-to none --oversubscribe --timeout 280 \
  --mca plm rsh --mca plm_rsh_agent "$agent" --mca btl tcp,self --mca pml ob1 \
  --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 \
  -x OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" -x OMP_WAIT_POLICY=passive "$@"
