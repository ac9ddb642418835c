"""Serves the original PipeModeDataset (sagemaker_tensorflow) over the line protocol of bench/against.

Reads batches of 256, as in its documentation, and single records; each is one tensor. It verifies
both checksums of TFRecords and the magic number of RecordIO. Only a pass with `check` reads the
tensors.
"""

import importlib.metadata
import os
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sagemaker_tensorflow import PipeModeDataset

from peer_protocol import Stopwatch, serve

FORMATS = {"tfrecord": "TFRecord", "recordio": "RecordIO", "textline": "TextLine"}
BATCH = 256


def dataset_of(request):
    return PipeModeDataset(
        request["channel"],
        record_format=FORMATS[request["format"]],
        state_dir=request["stateDir"],
        pipe_dir=request["pipeDir"],
        config_dir=request["configDir"],
    )


def batches(request):
    """`limit` is a multiple of the batch size."""
    dataset = dataset_of(request).batch(BATCH)
    if "limit" in request:
        dataset = dataset.take(request["limit"] // BATCH)
    seen = Seen(request)
    with Stopwatch() as watch:
        for batch in dataset:
            seen.records += int(batch.shape[0])
            if seen.check:
                seen.look(batch.numpy())
    return seen.answer(watch)


def one_by_one(request):
    dataset = dataset_of(request)
    if "limit" in request:
        dataset = dataset.take(request["limit"])
    seen = Seen(request)
    with Stopwatch() as watch:
        for record in dataset:
            seen.records += 1
            if seen.check:
                seen.look([record.numpy()])
    return seen.answer(watch)


class Seen:
    """Counts records; in a checking pass also counts and checksums their bytes."""

    def __init__(self, request):
        self.check = request.get("check", False)
        self.records = self.bytes = self.sum = 0

    def look(self, records):
        for record in records:
            self.bytes += len(record)
            self.sum = zlib.crc32(record, self.sum)

    def answer(self, watch):
        counted = {"seconds": watch.seconds, "records": self.records}
        return {**counted, "bytes": self.bytes, "sum": self.sum} if self.check else counted


serve(
    "original",
    importlib.metadata.version("sagemaker_tensorflow"),
    {"pipe": {"batch(256)": batches, "one by one": one_by_one}},
)
