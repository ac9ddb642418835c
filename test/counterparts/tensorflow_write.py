"""Writes TFRecord files with TensorFlow, for the tests that read them back.

    tensorflow_write.py OUT_DIR SEED

Makes OUT_DIR/NAME.tfrecord, NAME.gz.tfrecord and NAME.zlib.tfrecord of every shard below. Beside each file
lies FILE.json: {"file", "compression", "records": [{"length", "sha256"}]}. The same seed gives the same
bytes. Prints one line per file: its name.
"""

import hashlib
import json
import os
import random
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

COMPRESSIONS = {"": "", ".gz": "GZIP", ".zlib": "ZLIB"}

# Around the widths of the header, of a vector, of the kernel's blocks, and of everybody's buffers.
SIZES = [0, 1, 2, 3, 4, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129]
SIZES += [255, 256, 257, 383, 384, 385, 511, 512, 513, 1000, 1023, 1024, 1025, 4080, 4095, 4096, 4097]
SIZES += [5321, 10000, 16384, 24575, 24576, 24577, 65520, 65535, 65536, 65537, 100000, 262127, 262144]
SIZES += [300001, 1 << 20, (1 << 20) + 1]


def sizes(rng):
    """Every size once, in some order, in noise that does not compress."""
    return [rng.randbytes(size) for size in rng.sample(SIZES, len(SIZES))]


def small(rng):
    return [rng.randbytes(rng.randrange(0, 40)) for _ in range(20_000)]


def compressible(rng):
    """Long runs: inflated, they are far longer than any buffer they are read through."""
    return [bytes([rng.randrange(256)]) * size for size in (0, 5_000_000, 3, 1 << 20, 65536)]


def text(rng):
    words = [b"record", b"pipe", b"shard", b"\n", b" ", "größe".encode()]
    return [b"".join(rng.choices(words, k=rng.randrange(200))) for _ in range(500)]


def alike(rng):
    """Payloads that look like something else: a record, ones, zero padding, the start of a gzip file."""
    record = bytes.fromhex("000000000000000029039807d8ea82a2")
    return [record, record * 1000, b"\xff" * 12, b"\x00" * 4096, b"\x1f\x8b\x08" + rng.randbytes(50)]


def empty(rng):
    return []


SHARDS = [sizes, small, compressible, text, alike, empty]


def write(path, records, compression, flush_every=None):
    with tf.io.TFRecordWriter(path, options=compression) as writer:
        for index, record in enumerate(records):
            writer.write(record)
            if flush_every and index % flush_every == 0:
                writer.flush()


def describe(path, records, compression):
    listed = [{"length": len(r), "sha256": hashlib.sha256(r).hexdigest()} for r in records]
    name = os.path.basename(path)
    with open(path + ".json", "w", encoding="utf-8") as file:
        json.dump({"file": name, "compression": compression, "records": listed}, file)
    print(name)


def main(folder, seed):
    os.makedirs(folder, exist_ok=True)
    for make in SHARDS:
        for suffix, compression in COMPRESSIONS.items():
            records = make(random.Random(f"{seed} {make.__name__} {suffix}"))
            path = os.path.join(folder, f"{make.__name__}{suffix}.tfrecord")
            write(path, records, compression)
            describe(path, records, compression)

    flushed = text(random.Random(f"{seed} flushed"))
    for suffix, compression in COMPRESSIONS.items():
        path = os.path.join(folder, f"flushed{suffix}.tfrecord")
        write(path, flushed, compression, flush_every=7)
        describe(path, flushed, compression)

    # Files put one behind the other are a file again, also when each is a gzip member.
    for suffix in ("", ".gz"):
        halves = [sizes(random.Random(f"{seed} joined {half}")) for half in range(2)]
        path = os.path.join(folder, f"joined{suffix}.tfrecord")
        data = b""
        for half in halves:
            write(path, half, COMPRESSIONS[suffix])
            with open(path, "rb") as file:
                data += file.read()
        with open(path, "wb") as file:
            file.write(data)
        describe(path, halves[0] + halves[1], COMPRESSIONS[suffix])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
