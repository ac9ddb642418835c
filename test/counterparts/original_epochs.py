"""Reads epochs of a channel with the original PipeModeDataset, one per request on its input.

    original_epochs.py ROOT FORMAT     (ROOT holds data, state, config)

Prints one line of JSON for each: the records (length, sha256), or the error.
"""
import hashlib, json, os, sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
from sagemaker_tensorflow import PipeModeDataset

root, format = sys.argv[1:]
dataset = PipeModeDataset("train", record_format=format, state_dir=f"{root}/state", pipe_dir=f"{root}/data",
                          config_dir=f"{root}/config")
print("ready", file=out, flush=True)
for line in sys.stdin:
    output = {"records": [], "error": None}
    try:
        for record in (dataset.take(int(line)) if line.strip() else dataset):
            data = record.numpy()
            output["records"].append({"length": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    except Exception as error:
        output["error"] = type(error).__name__
    print(json.dumps(output), file=out, flush=True)
