"""Stands in for recordpipe: `python stand_in.py convert FILE - --to arrow …` prints what FILE describes.

FILE is JSON: the rows of each batch, and how the process ends. `seen`, if given, is a file to which the
arguments are written.
"""

import json
import os
import signal
import sys
import time

import pyarrow as pa

with open(sys.argv[2]) as file:
    plan = json.load(file)
if "seen" in plan:
    with open(plan["seen"], "w") as seen:
        json.dump({"arguments": sys.argv[1:], "pid": os.getpid()}, seen)
out = sys.stdout.buffer
schema = pa.schema([("id", pa.int64())])
end = plan.get("end", "complete")
if end != "at once":
    writer = pa.ipc.new_stream(out, schema)
    for rows in plan.get("batches", []):
        writer.write_batch(pa.record_batch([pa.array(rows, pa.int64())], schema))
    if end in ("complete", "late error"):
        writer.close()
    elif end == "garbage":
        out.write(b"garbage!" * 8)
    out.flush()
if end == "hang":
    time.sleep(600)
if end == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
for line in plan.get("stderr", []):
    print(line, file=sys.stderr)
out.flush()
os._exit(plan.get("code", 0))
