#!/bin/bash
# GNU parallel: runs the shards of a plan on this machine or, with --sshlogin, on several.
#
#   recordpipe plan data/ -o plan.jsonl
#   docs/scale-out/parallel.sh plan.jsonl reports/ 8 && recordpipe merge reports/ -o total.json
#
# A shard with invalid data (exit code 1) is complete, because its report lists the damage. Other
# failures are retried, up to three attempts.
set -euo pipefail
plan=$1
reports=$2
shards=$3
export plan reports shards

shard() {
  recordpipe validate --plan "$plan" --shard "$1/$shards" --report "$reports" --jobs 1 --quiet || [ $? -eq 1 ]
}
export -f shard

seq 0 $((shards - 1)) | parallel --jobs "${JOBS:-100%}" --retries 3 shard
