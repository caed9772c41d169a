#!/usr/bin/env bash
# How much faster two nodes of one core each are than one core: the simulation of array.sh by one thread, then as an array of 8
# shards on the two nodes, merged, and the bytes compared. Wall time counts from the submission to the end of the merge; CPU
# time is what a busy machine does not spoil: that of one thread over that of the busier node.
#   speed.sh PROGRAM [REPLICATES]      0 done, 77 no cluster can be started here
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd); program=$(realpath "${1:?program}"); replicates=${2:-4000}
work=$(mktemp -d /tmp/sks.XXXXXX); state=$work/s
chmod 755 "$work"
export SLURM_CONF=$state/slurm.conf TIMEFORMAT='%R %U %S'
trap 'bash "$here/cluster.sh" stop "$state"; rm -rf "$work"' EXIT
bash "$here/cluster.sh" start "$state" || exit $?
cp "$here"/*.toml "$work/" && cd "$work" || exit 1

simulate="$program simulate scenario.toml --replicates $replicates --threads 1"
{ time $simulate --out one >/dev/null 2>&1; } 2> one.txt

cat > shard.sh <<END
#!/bin/bash
#SBATCH --array=1-8
#SBATCH --output=/dev/null
TIMEFORMAT="\$SLURMD_NODENAME %R %U %S"
{ time $simulate --out two --shard \$SLURM_ARRAY_TASK_ID/8; } 2> shard-\$SLURM_ARRAY_TASK_ID.txt
END
begin=$(date +%s.%N)
job=$(sbatch --parsable shard.sh)
while [ -n "$(timeout 10 squeue -h -j "$job" -o %T 2>/dev/null)" ]; do sleep 0.2; done
$simulate --out two --merge >/dev/null 2>&1
end=$(date +%s.%N)
cmp one/performance.json two/performance.json || exit 1
grep -h '^n[12] ' shard-*.txt | awk -v one="$(tail -n 1 one.txt)" -v wall="$(echo "$end $begin" | awk '{print $1 - $2}')" '
  { cpu[$1] += $3 + $4; tasks[$1]++ }
  END {
    split(one, o); single = o[2] + o[3]; busier = cpu["n1"] > cpu["n2"] ? cpu["n1"] : cpu["n2"]
    printf "one thread: %.1f s wall, %.1f s CPU\n", o[1], single
    printf "two nodes: %.1f s wall; n1 %d tasks %.1f s CPU, n2 %d tasks %.1f s CPU\n", wall, tasks["n1"], cpu["n1"], tasks["n2"], cpu["n2"]
    printf "ratio of wall times %.2f, of CPU times %.2f\n", o[1] / wall, single / busier
  }'
