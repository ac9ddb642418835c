"""vahidk's `tfrecord` (Python) behind the line protocol of bench/against.

Its reader checks no checksum at all. Its writer takes no bytes, only the features of an Example, so the
record is put into the one bytes feature of an Example: what is written is some 20 bytes longer than asked
for, and making the protobuf is part of the time. `bytes` are those it wrote.

It has no random access: its loader begins where the index says, and reads on. So records are got out of it in
the two ways there are: reading once over the file, taking those that are wanted, and as one shard of as many as
there are records, for each of them (which reads the index anew).
"""

import importlib.metadata
import os
import zlib
from itertools import islice

from tfrecord.reader import tfrecord_iterator
from tfrecord.tools.tfrecord2idx import create_index
from tfrecord.writer import TFRecordWriter

from peer_protocol import FRAMING_BYTES, Stopwatch, measured, records_to_write, serve
from vahidk_examples import parse_examples


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


def index(request):
    with Stopwatch() as watch:
        create_index(request["path"], request["index"])
    with open(request["index"], "rb") as lines:
        return measured(watch, sum(1 for _ in lines), os.path.getsize(request["path"]))


def get_in_one_pass(request):
    """`indices` ascending."""
    indices = request["indices"]
    got = []
    with Stopwatch() as watch:
        wanted = set(indices)
        for at, record in enumerate(tfrecord_iterator(request["path"], request["index"], (0, 1))):
            if at in wanted:
                got.append(bytes(record))
                if at == indices[-1]:
                    break
    return {**measured(watch, len(got), sum(map(len, got))), "sum": checksum(got)}


def get_by_shards(request):
    """`count`: how many records the file has."""
    got = []
    with Stopwatch() as watch:
        for at in request["indices"]:
            for record in tfrecord_iterator(request["path"], request["index"], (at, request["count"])):
                got.append(bytes(record))
    return {**measured(watch, len(got), sum(map(len, got))), "sum": checksum(got)}


def checksum(records):
    """CRC-32 of the records one behind the other: are they those that were asked for?"""
    crc = 0
    for record in records:
        crc = zlib.crc32(record, crc)
    return crc


serve(
    "vahidk",
    importlib.metadata.version("tfrecord"),
    {
        "read": {"tfrecord_iterator": read},
        "write": {"TFRecordWriter": write},
        "index": {"tfrecord2idx": index},
        "example": {"extract_feature_dict": parse_examples},
        "get": {"loader, one pass": get_in_one_pass, "loader, a shard per record": get_by_shards},
    },
    notes={
        "tfrecord_iterator": "checks no checksum",
        "TFRecordWriter": "writes Examples only: each record goes in as the bytes feature of one",
    },
)
