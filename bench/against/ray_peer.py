"""Serves Ray's `read_tfrecords`, without tfx-bsl, and `write_parquet` over the line protocol of bench/against.

It needs TensorFlow for the protobuf of Examples, and does not verify checksums. Ray starts on the first
request, outside the measured time.
"""

import os
import shutil

os.environ.setdefault("RAY_DEDUP_LOGS", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import pyarrow.parquet
import ray

from peer_protocol import Stopwatch, serve
from tables import peak_of


def descendants(pid):
    """Returns the processes that a process started, directly or not."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                pass
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def convert(request):
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
    folder = f"{request['target']}.ray"
    try:
        with Stopwatch() as watch:
            ray.data.read_tfrecords(request["path"], file_extensions=None).write_parquet(folder)
        records = pyarrow.parquet.ParquetDataset(folder).read(columns=[]).num_rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    peaks = []
    for pid in descendants(os.getpid()):
        try:
            peaks.append(peak_of(pid))
        except (OSError, TypeError):
            pass  # It has ended.
    return {"seconds": watch.seconds, "records": records, "mebibytes": sum(peaks)}


serve("ray", ray.__version__, {"convert": {"read_tfrecords, write_parquet": convert}})
