"""Serves Grain with ArrayRecord files over the line protocol of bench/against.

Grain reads with its default options, 16 threads and a buffer of 500 records, or on the calling
thread, which is faster for files in the page cache. Files have one record per group, as Grain
recommends for random access.
"""

import importlib.metadata
import logging
import os

logging.disable(logging.WARNING)

import grain
from array_record.python.array_record_module import ArrayRecordWriter

from datasets import SEED, operations
from peer_protocol import payload_pool, serve

NO_THREADS = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
MODES = ("sequential", "shuffled", "sequential, no threads", "shuffled, no threads")


class Records:
    def __init__(self, request, state=None):
        folder = request["folder"]
        paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
        records = grain.MapDataset.source(grain.sources.ArrayRecordDataSource(paths))
        if request["mode"].startswith("shuffled"):
            records = records.shuffle(seed=SEED)
        options = NO_THREADS if request["mode"].endswith("no threads") else None
        self.iterator = iter(records.to_iter_dataset(options))
        if state is not None:
            self.iterator.set_state(state)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.iterator)

    def state(self):
        return self.iterator.get_state()

    def close(self):
        self.iterator.close()


def write(request):
    os.makedirs(request["folder"])
    pool = payload_pool(request["count"], request["size"], request["seed"])
    each = -(-request["count"] // request["shards"])
    for shard, first in enumerate(range(0, request["count"], each)):
        writer = ArrayRecordWriter(os.path.join(request["folder"], f"{shard:05}.array_record"), "group_size:1")
        for k in range(first, min(first + each, request["count"])):
            writer.write(pool[k % len(pool)])
        writer.close()
    return {}


serve(
    "grain",
    ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("grain", "array_record")),
    {**operations(Records, Records, MODES), "convert": {"write array_record": write}},
)
