"""vahidk's `tfrecord` (Python) behind the line protocol of bench/against.

Its reader checks no checksum at all. Its writer takes no bytes, only the features of an Example, so the
record is put into the one bytes feature of an Example: what is written is some 20 bytes longer than asked
for, and making the protobuf is part of the time. `bytes` are those it wrote.
"""

import importlib.metadata
import os
from itertools import islice

from tfrecord.reader import tfrecord_iterator
from tfrecord.writer import TFRecordWriter

from peer_protocol import FRAMING_BYTES, Stopwatch, measured, records_to_write, serve


def read(request):
    records = payload_bytes = 0
    with Stopwatch() as watch:
        for record in islice(tfrecord_iterator(request["path"]), request.get("limit")):
            records += 1
            payload_bytes += len(record)
    return measured(watch, records, payload_bytes)


def write(request):
    records = records_to_write(request)
    with Stopwatch() as watch:
        writer = TFRecordWriter(request["path"])
        for record in records:
            writer.write({"d": (record, "byte")})
        writer.close()
    payload_bytes = os.path.getsize(request["path"]) - FRAMING_BYTES * len(records)
    return measured(watch, len(records), payload_bytes)


serve(
    "vahidk",
    importlib.metadata.version("tfrecord"),
    {"read": {"tfrecord_iterator": read}, "write": {"TFRecordWriter": write}},
    notes={
        "tfrecord_iterator": "checks no checksum",
        "TFRecordWriter": "writes Examples only: each record goes in as the bytes feature of one",
    },
)
