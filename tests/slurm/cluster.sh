#!/usr/bin/env bash
# A Slurm cluster on this one machine, on loopback: munged, slurmctld and two slurmd (nodes n1, n2). Root, no systemd, no
# cgroups. Everything it writes and every pid it ends is in STATE.
#   cluster.sh start STATE       start what does not run (also after fail-node or kill-controller)
#   cluster.sh fail-node STATE n2      SIGKILL to the node's slurmd, its job steps and their processes
#   cluster.sh kill-controller STATE   SIGKILL to slurmctld
#   cluster.sh stop STATE        end everything and remove STATE
# Exit code 77: the cluster cannot be started here, with the reason on stderr.
set -uo pipefail
verb=${1:?verb}; state=${2:?state folder}; nodes=2
export SLURM_CONF=$state/slurm.conf

is() { # PID NAME: a process of that name that is no zombie
  [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}
pid_of() { cat "$state/pid/$1" 2>/dev/null; }
runs() { is "$(pid_of "$1")" "${1%%.*}"; }
with() { # WORD: the processes of this cluster that have it in their environment
  for file in $(grep -lzx "$1" /proc/[0-9]*/environ 2>/dev/null); do
    grep -qzx "SLURM_CONF=$SLURM_CONF" "$file" 2>/dev/null && basename "${file%/environ}"
  done
}
wait_for() { # SECONDS COMMAND…
  local until=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || return 1; sleep 0.2; done
}
cannot() { echo "no Slurm cluster: $*" >&2; tail -n 5 "$state"/log/*.log "$state"/log/*.out 2>/dev/null >&2; exit 77; }

configure() {
  local base=$((20000 + RANDOM % 20000)) cpus=$((($(nproc) + nodes - 1) / nodes))
  cat > "$state/slurm.conf" <<CONF
ClusterName=splitknee
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$base
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$state/munge/socket,cred_expire=3
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/spool/%n
SlurmctldPidFile=$state/pid/slurmctld
SlurmdPidFile=$state/pid/slurmd.%n
SlurmctldLogFile=$state/log/slurmctld.log
SlurmdLogFile=$state/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
JobRequeue=1
ReturnToService=2
SlurmdTimeout=6
SlurmctldTimeout=10
MessageTimeout=5
BatchStartTimeout=10
KillWait=3
CompleteWait=0
CONF
  for i in $(seq $nodes); do
    echo "NodeName=n$i NodeHostname=localhost NodeAddr=127.0.0.1 Port=$((base + i)) CPUs=$cpus State=UNKNOWN"
  done >> "$state/slurm.conf"
  echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=01:00:00 State=UP" >> "$state/slurm.conf"
}

start() {
  [ "$(id -u)" = 0 ] || cannot "it is started as root"
  for name in munged slurmctld slurmd sbatch squeue scontrol scancel sinfo; do
    command -v $name >/dev/null || cannot "$name is not installed"
  done
  [ ${#state} -le 60 ] || cannot "$state is too long for the path of a socket"
  umask 022
  mkdir -p "$state"/{log,pid,ctld,spool,munge} || cannot "$state cannot be made"
  chmod 755 "$state" "$state/munge"
  [ -s "$state/munge/key" ] || (umask 077; head -c 1024 /dev/urandom > "$state/munge/key")
  chmod 400 "$state/munge/key"
  [ -s "$state/slurm.conf" ] || configure
  if ! runs munged; then
    rm -f "$state"/munge/socket* "$state/pid/munged"
    timeout 20 munged --key-file="$state/munge/key" --socket="$state/munge/socket" --pid-file="$state/pid/munged" \
      --seed-file="$state/munge/seed" --log-file="$state/log/munged.log" --num-threads=2 </dev/null >"$state/log/munged.out" 2>&1
    wait_for 10 test -S "$state/munge/socket" || cannot "munged does not start"
  fi
  if ! runs slurmctld; then
    timeout 20 slurmctld </dev/null >"$state/log/slurmctld.out" 2>&1
    wait_for 15 runs slurmctld || cannot "slurmctld does not start"
  fi
  for i in $(seq $nodes); do
    if ! runs slurmd.n$i; then
      mkdir -p "$state/spool/n$i"
      timeout 20 slurmd -N n$i </dev/null >"$state/log/slurmd.n$i.out" 2>&1
      wait_for 15 runs slurmd.n$i || cannot "slurmd n$i does not start"
    fi
  done
  ready() { [ "$(timeout 10 sinfo -h -N -t idle,mixed,allocated -o %N | sort -u | wc -l)" = $nodes ]; }
  if ! wait_for 25 ready; then
    timeout 10 scontrol update "NodeName=n[1-$nodes]" State=RESUME >/dev/null 2>&1
    wait_for 20 ready || cannot "the nodes do not come up: $(timeout 10 sinfo -h -N -o '%N %T %E' | tr '\n' ';')"
  fi
}

fail_node() {
  local node=$1 slurmd; slurmd=$(pid_of "slurmd.$node")
  is "$slurmd" slurmd || { echo "$node does not run" >&2; exit 1; }
  kill -KILL "$slurmd"
  for p in $(with "SLURMD_NODENAME=$node"); do
    local parent; parent=$(awk '/^PPid:/ {print $2}' "/proc/$p/status" 2>/dev/null)
    is "$parent" slurmstepd && kill -KILL "$parent" 2>/dev/null
    kill -KILL "$p" 2>/dev/null
  done
  rm -f "$state/pid/slurmd.$node"
}

stop() {
  [ -d "$state" ] || exit 0
  runs slurmctld && timeout 10 scancel --partition=main >/dev/null 2>&1
  for p in $(with "SLURM_CONF=$SLURM_CONF"); do is "$p" slurmstepd && kill -TERM "$p" 2>/dev/null; done
  for file in "$state"/pid/*; do
    local name p; name=$(basename "$file"); p=$(cat "$file" 2>/dev/null)
    is "$p" "${name%%.*}" || continue
    kill -TERM "$p" 2>/dev/null
    ended() { ! is "$p" "${name%%.*}"; }
    wait_for 5 ended || kill -KILL "$p" 2>/dev/null
  done
  rm -rf "$state"
}

case $verb in
  start) start ;;
  stop) stop ;;
  fail-node) fail_node "${3:?node}" ;;
  kill-controller) kill -KILL "$(pid_of slurmctld)"; rm -f "$state/pid/slurmctld" ;;
  *) echo "no verb $verb" >&2; exit 2 ;;
esac
