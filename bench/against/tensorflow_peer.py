"""Serves TensorFlow over the line protocol of bench/against.

There are three ways to read TFRecords. The deprecated `tf_record_iterator` returns a Python object
per record and is still the fastest for small records. `TFRecordDataset` as documented returns an
eager tensor per record. "TFRecordDataset best" runs no Python per record: it counts batches inside
the dataset, with autotuning off. All of them verify both checksums of every record. Text lines are
read with `TextLineDataset`, as documented and in the same best way.
"""

import os
import struct
from itertools import islice

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from example_parsing import parse_batches, parse_singles
from image_datasets import IMAGE_OPERATIONS
from peer_protocol import FRAMING_BYTES, Stopwatch, measured, records_to_write, serve
from tensorflow_tables import TABLE_OPERATIONS

BATCH_BYTES = 4 << 20
BATCH_RECORDS = 2048


def framed_bytes(path, records, limit):
    """Counts payload bytes outside the measured time, so that the timed loop only takes the records."""
    if limit is None:
        return os.path.getsize(path) - FRAMING_BYTES * records
    total = 0
    with open(path, "rb") as file:
        for _ in range(records):
            (length,) = struct.unpack("<Q", file.read(8))
            file.seek(length + 8, os.SEEK_CUR)
            total += length
    return total


def line_bytes(path, records, limit):
    with open(path, "rb") as file:
        if limit is None:
            return os.path.getsize(path) - records
        return sum(len(line) - 1 for line in islice(file, records))


def read_all(open_records, payload_bytes):
    """Returns a read operation for a function that maps a path to an iterable of records."""

    def read(request):
        path, limit = request["path"], request.get("limit")
        records = 0
        with Stopwatch() as watch:
            for _ in islice(open_records(path), limit):
                records += 1
        return measured(watch, records, payload_bytes(path, records, limit))

    return read


def read_best(open_dataset, first_length, payload_bytes):
    """Returns a read operation that counts batches inside the dataset."""

    def read(request):
        path = request["path"]
        batch = request.get("batch") or good_batch(first_length(path))
        options = tf.data.Options()
        options.autotune.enabled = False
        with Stopwatch() as watch:
            dataset = open_dataset(path).batch(batch).prefetch(1).with_options(options)
            records = int(dataset.reduce(tf.constant(0, tf.int64), add_size).numpy())
        return measured(watch, records, payload_bytes(path, records, None))

    return read


def add_size(total, batch):
    return total + tf.size(batch, out_type=tf.int64)


def good_batch(length):
    """About 4 MiB of records, estimated from the first one; more or fewer were slower."""
    return min(BATCH_RECORDS, max(16, BATCH_BYTES // max(1, length)))


def first_record(path):
    with open(path, "rb") as file:
        header = file.read(8)
    return struct.unpack("<Q", header)[0] if len(header) == 8 else 1


def first_line(path):
    with open(path, "rb") as file:
        return len(file.readline())


def write(request):
    records = records_to_write(request)
    with Stopwatch() as watch:
        with tf.io.TFRecordWriter(request["path"]) as writer:
            for record in records:
                writer.write(record)
    return measured(watch, len(records), sum(map(len, records)))


def read_files(open_all):
    """Returns an operation that reads all records of the files in a folder."""

    def read(request):
        paths = sorted(entry.path for entry in os.scandir(request["folder"]))
        with Stopwatch() as watch:
            records = sum(1 for _ in open_all(paths))
        return measured(watch, records, sum(map(os.path.getsize, paths)))

    return read


def iterate_all(paths):
    return (record for path in paths for record in tf.compat.v1.io.tf_record_iterator(path))


serve(
    "tensorflow",
    tf.__version__,
    {
        "read": {
            "tf_record_iterator": read_all(tf.compat.v1.io.tf_record_iterator, framed_bytes),
            "TFRecordDataset": read_all(tf.data.TFRecordDataset, framed_bytes),
            "TFRecordDataset best": read_best(tf.data.TFRecordDataset, first_record, framed_bytes),
            "TextLineDataset": read_all(tf.data.TextLineDataset, line_bytes),
            "TextLineDataset best": read_best(tf.data.TextLineDataset, first_line, line_bytes),
        },
        "write": {"TFRecordWriter": write},
        "example": {"parse_single_example": parse_singles, "parse_example": parse_batches},
        "images": IMAGE_OPERATIONS,
        **TABLE_OPERATIONS,
        "files": {
            "TFRecordDataset": read_files(tf.data.TFRecordDataset),
            "tf_record_iterator": read_files(iterate_all),
        },
    },
    notes={
        mode: "batches counted inside the dataset, no record reaches Python; no `limit`"
        for mode in ("TFRecordDataset best", "TextLineDataset best")
    },
)
