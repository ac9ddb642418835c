#!/usr/bin/env bash
# Validates data with a Slurm job array and merges the reports.
#
#   ./validate-all.sh DATA OUTPUT [SHARDS]
#
# DATA is a directory, glob or s3:// prefix. OUTPUT is a new directory that all nodes can access; it
# receives report.json. Exits with 0 if all files are valid, 1 if a file is invalid, and 3 if a file
# could not be read or a shard has no report after three attempts.
set -euo pipefail

if [ $# -lt 2 ]; then
  echo 'usage: ./validate-all.sh DATA OUTPUT [SHARDS]' >&2
  exit 2
fi
data=$1 output=$2 shards=${3:-8}

mkdir "$output" || exit 3
export PLAN=$output/plan.jsonl REPORTS=$output/reports/
node_modules/.bin/recordpipe plan "$data" -o "$PLAN" --shards "$shards"

tasks=0-$((shards - 1))
for attempt in 1 2 3; do
  # A task that finds invalid data fails, so sbatch does, too. The reports decide.
  sbatch --wait --array="$tasks" validate.sbatch || echo "attempt $attempt: some tasks failed" >&2
  status=0
  result=$(node_modules/.bin/recordpipe merge "$REPORTS" -o "$output/report.json") || status=$?
  # If shards are missing, merge prints their numbers, such as 2,5-7, and exits with 3.
  if [ "$status" -ne 3 ] || ! [[ $result =~ ^[0-9,-]+$ ]]; then
    echo "$result"
    exit "$status"
  fi
  tasks=$result
done
echo "no reports of shards $tasks" >&2
exit 3
