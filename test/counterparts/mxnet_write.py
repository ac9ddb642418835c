"""Writes RecordIO files with MXNet, for tests that read them.

    mxnet_write.py OUT_DIR SEED

Makes, each with FILE.json beside it (protocol.py); the same seed gives the same bytes:

    NAME.rec                  by MXRecordIO, of every shard below
    by-*.rec and by-*.idx     by MXIndexedRecordIO; the .json also has "keys", in the order of the records
    headers.rec               records packed with an IRHeader; the .json also has "headers", as `in_bits` gives them,
                              with what follows the header
"""

import os
import random
import struct
import sys

import numpy as np
from mxnet import recordio

from payloads import alike, empty, magics, sizes, small, text
from protocol import describe, listed

SHARDS = [sizes, small, text, alike, magics, empty]

# Exact only in 64 bits.
IDS = [0, 1, (1 << 32) + 7, (1 << 53) + 1, 1 << 63, (1 << 64) - 1]
SCALARS = [0.0, -0.0, 0.1, -1.25, 1e-40, 3.4e38, float("inf"), float("-inf"), 16777217]
ARRAYS = [[], [1.5], [1, 2], [0.1, -0.0, 1e-45], list(range(1000))]


def float_bits(values):
    """float32 as integers with the same bits, because JSON has no infinity."""
    return [int(bits) for bits in np.asarray(values, dtype="<f4").reshape(-1).view("<u4")]


def in_bits(header):
    """A header as JSON: IDs as strings, the label in bits, `scalar` if it was one number."""
    scalar = not isinstance(header.label, (list, np.ndarray))
    ids = {"id": str(header.id), "id2": str(header.id2)}
    return {"flag": int(header.flag), "scalar": scalar, "label": float_bits(header.label), **ids}


def write(path, records):
    writer = recordio.MXRecordIO(path, "w")
    for record in records:
        writer.write(record)
    writer.close()


def write_indexed(path, keys, records, key_type):
    writer = recordio.MXIndexedRecordIO(path[: -len(".rec")] + ".idx", path, "w", key_type)
    for key, record in zip(keys, records):
        writer.write_idx(key, record)
    writer.close()


def write_headers(path, rng):
    labels = SCALARS + [np.array(label, dtype=np.float32) for label in ARRAYS]
    headers = [recordio.IRHeader(rng.randrange(10), label, key, IDS[-1 - k]) for label in labels for k, key in enumerate(IDS)]
    payloads = [rng.randbytes(rng.choice([0, 1, 3, 4, 100, 5000])) for _ in headers]
    records = [recordio.pack(header, payload) for header, payload in zip(headers, payloads)]
    # List the unpacked header: packing sets the flag to zero for a scalar label, to the length for an array.
    unpacked = [recordio.unpack(record)[0] for record in records]
    write(path, records)
    listing = [{**in_bits(header), "payload": listed(payload)} for header, payload in zip(unpacked, payloads)]
    describe(path, records, headers=listing)


def main(folder, seed):
    os.makedirs(folder, exist_ok=True)
    for make in SHARDS:
        records = make(random.Random(f"{seed} {make.__name__}"))
        path = os.path.join(folder, f"{make.__name__}.rec")
        write(path, records)
        describe(path, records)

    rng = random.Random(f"{seed} keys")
    records = magics(rng)[:500] + small(rng)[:500]
    numbers = rng.sample(range(-500, 100_000), len(records) - 2) + [(1 << 53) + 1, 1 << 62]
    names = [f"train/größe {k}.jpg" for k in rng.sample(range(10_000), len(records))]
    order = range(len(records))
    by = {"number": (numbers, int), "name": (names, str), "order": (order, int), "nothing": ([], int)}
    for kind, (keys, key_type) in by.items():
        path = os.path.join(folder, f"by-{kind}.rec")
        write_indexed(path, keys, records, key_type)
        describe(path, records[: len(keys)], keys=[str(key) for key in keys])

    write_headers(os.path.join(folder, "headers.rec"), random.Random(f"{seed} headers"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
