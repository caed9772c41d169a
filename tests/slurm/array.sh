#!/usr/bin/env bash
# An array of 8 shards on a cluster of two nodes: one task is killed, one cancelled, a node dies, the controller is killed and
# started again. What is merged in the end are the bytes of one machine.
#   array.sh PROGRAM     prints what it saw; 0 done, 77 no cluster can be started here, else what went wrong
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd); program=$(realpath "${1:?program}"); replicates=${SPLITKNEE_SLURM_REPLICATES:-2400}
work=$(mktemp -d /tmp/sks.XXXXXX); state=$work/s
chmod 755 "$work"   # munged wants a way to its socket for all
export SLURM_CONF=$state/slurm.conf
cluster() { bash "$here/cluster.sh" "$1" "$state" "${@:2}"; }
trap 'cluster stop; rm -rf "$work"' EXIT
say() { printf '%3d s  %s\n' "$SECONDS" "$*"; }
fail() { say "WRONG: $*"; tail -n 3 "$work"/out/*.log 2>/dev/null; timeout 5 squeue -a -r -t all; exit 1; }

cluster start || exit $?
# A cluster that runs no job at all (a sandbox) is none.
echo '#!/bin/sh' > "$work/nothing.sh"
nothing=$(timeout 10 sbatch --parsable --output=/dev/null "$work/nothing.sh")
for _ in $(seq 60); do
  ended=$(timeout 10 squeue -h -t all -j "$nothing" -o %T 2>/dev/null); [ "$ended" = COMPLETED ] && break; sleep 0.5
done
[ "$ended" = COMPLETED ] || { echo "no Slurm cluster: a job that does nothing is ${ended:-refused}" >&2; exit 77; }
say "cluster: $(sinfo -h -o '%D nodes, %c CPU each')"
cp "$here"/*.toml "$work/" && cd "$work" || exit 1
"$program" simulate scenario.toml --out one --replicates "$replicates" >/dev/null 2>&1 || fail "the run on one machine"
say "one machine: $replicates replicates"

said=$("$program" simulate scenario.toml --out out --replicates "$replicates" --slurm --submit --shards 8 --time 00:05:00) || fail "sbatch: $said"
say "$said"
array=$(sed 's/array job \([0-9]*\).*/\1/' <<<"$said"); merge=$(sed 's/.*merge \([0-9]*\).*/\1/' <<<"$said")

running() { timeout 10 squeue -h -r -t R -j "$array" -o %K 2>/dev/null; }
state_of() { timeout 10 squeue -h -r -t all -j "$1" -o %T 2>/dev/null; }
task_pid() { # the process of a task: the script became the program by `exec`
  for file in $(grep -lzx "SLURM_ARRAY_TASK_ID=$1" /proc/[0-9]*/environ 2>/dev/null); do
    grep -qzx "SLURM_CONF=$SLURM_CONF" "$file" 2>/dev/null && [ "$(cat "${file%/environ}/comm" 2>/dev/null)" = splitknee ] || continue
    basename "${file%/environ}"
    return
  done
}
until_true() { local until=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $until ] || return 1; sleep 0.2; done; }

started() { [ -e out/shard-1-of-8.a0.skr ] && pid=$(task_pid 1) && [ -n "$pid" ]; }
until_true 30 started || fail "task 1 does not start"
kill -KILL "$pid" || fail "task 1 ended too soon"
failed() { [ "$(state_of "${array}_1")" = FAILED ]; }
until_true 20 failed || fail "task 1 is $(state_of "${array}_1")"
say "task 1 killed: FAILED"

started() { [ -n "$(running)" ]; }
until_true 30 started || fail "no task runs"
cancelled_task=$(running | head -n 1)
scancel "${array}_$cancelled_task"
gone() { [ "$(state_of "${array}_$cancelled_task")" = CANCELLED ]; }
until_true 20 gone || fail "task $cancelled_task is $(state_of "${array}_$cancelled_task")"
say "task $cancelled_task cancelled"

on_n2() { timeout 10 squeue -h -r -t R -j "$array" -w n2 -o %K 2>/dev/null; }
started() { [ -n "$(on_n2)" ]; }
until_true 30 started || fail "nothing runs on n2"
lost=$(on_n2 | head -n 1)
cluster fail-node n2
down() { timeout 10 sinfo -h -n n2 -o %T | grep -q down; }
until_true 30 down || fail "n2 is not seen to be down"
cluster kill-controller
say "n2 dead with task $lost on it, controller killed"
cluster start || fail "the controller does not come back"
say "controller and node are back"

# A task that Slurm puts back itself waits up to two minutes before it starts; the test does not. One whose node died while it
# was launched is put back held, and stays so until it is released.
only_ended() {
  local left; left=$(timeout 10 squeue -h -r -t PD,R,CG,S -j "$array,$merge" -o '%i %r')
  awk '/BeginTime/ {print $1}' <<<"$left" | while read -r task; do
    scontrol update "JobId=$task" StartTime=now >/dev/null 2>&1
  done
  awk '/held/ {print $1}' <<<"$left" | while read -r task; do
    scontrol release "$task" >/dev/null 2>&1 && say "task $task was put back held: released" >&2
  done
  [ -z "$left" ]
}
until_true 150 only_ended || fail "tasks are left"
"$program" simulate scenario.toml --out out --replicates "$replicates" --status --shards 8 > status.txt 2>&1
say "$(awk '/\// {lack += $3} END {print lack}' status.txt) replicates missing before the requeue"
grep -q missing out/splitknee-merge.log || fail "the merge did not say what is missing: $(cat out/splitknee-merge.log)"
for task in 1 "$cancelled_task"; do scontrol requeue "${array}_$task" || fail "task $task cannot be put back"; done
until_true 120 only_ended || fail "the tasks put back do not end"
scontrol requeue "$merge" || fail "the merge cannot be put back"
until_true 60 only_ended || fail "the merge does not end"
completed() { [ "$(state_of "$merge")" = COMPLETED ]; }
until_true 60 completed || fail "the merge is $(state_of "$merge")"
for name in performance.json simulation.json performance.html; do
  cmp "one/$name" "out/$name" || fail "$name differs from that of one machine"
done
say "merged: the bytes of one machine; attempts: $(ls out/*.skr | wc -l)"
