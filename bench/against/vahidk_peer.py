"""Serves vahidk's `tfrecord` (Python) over the line protocol of bench/against.

Its reader verifies no checksums. Its writer accepts only the features of an Example, so each record
is the single bytes feature of an Example. The output is about 20 bytes per record longer than
requested, and building the protobuf is part of the time. `bytes` is the number of bytes written.

Its loader has no random access: it starts at an offset from the index and reads sequentially. There
are two ways to get records: read the whole file once and keep the requested records, or treat each
record as one of N shards, where N is the number of records. The latter reads the index for each
record.
"""

import importlib.metadata
import os
import zlib
from itertools import islice

from tfrecord.reader import tfrecord_iterator, tfrecord_loader
from tfrecord.tools.tfrecord2idx import create_index
from tfrecord.writer import TFRecordWriter

from images import IMAGE, LABEL, reading
from peer_protocol import FRAMING_BYTES, Stopwatch, measured, records_to_write, serve
from tables import batched, converting
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
    """`indices` must be ascending."""
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
    """`count` is the number of records in the file."""
    got = []
    with Stopwatch() as watch:
        for at in request["indices"]:
            for record in tfrecord_iterator(request["path"], request["index"], (at, request["count"])):
                got.append(bytes(record))
    return {**measured(watch, len(got), sum(map(len, got))), "sum": checksum(got)}


def read_images(request, facts):
    description = {IMAGE: "byte", LABEL: "int"}
    for path in request["paths"]:
        for example in tfrecord_loader(path, None, description):
            facts.add(example[IMAGE], int(example[LABEL][0]))


def rows(request):
    kinds = {"bytes": "byte", "float": "float", "int64": "int"}
    description = {name: kinds[spec["kind"]] for name, spec in request["specs"].items()}
    for example in tfrecord_loader(request["path"], None, description):
        yield {name: value if isinstance(value, bytes) or len(value) > 1 else value[0] for name, value in example.items()}


def checksum(records):
    """CRC-32 of the concatenated records, to verify that they are the requested ones."""
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
        "images": {"tfrecord_loader": reading(read_images)},
        "convert": {"tfrecord_loader, pyarrow": converting(lambda request: batched(rows(request)))},
        "get": {"loader, one pass": get_in_one_pass, "loader, a shard per record": get_by_shards},
    },
    notes={
        "tfrecord_iterator": "verifies no checksums",
        "TFRecordWriter": "writes Examples only: each record is the bytes feature of an Example",
    },
)
