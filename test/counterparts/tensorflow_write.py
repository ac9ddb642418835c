"""Writes TFRecord files with TensorFlow, for tests that read them.

    tensorflow_write.py OUT_DIR SEED

Makes OUT_DIR/NAME.tfrecord, NAME.gz.tfrecord and NAME.zlib.tfrecord of every shard below. Beside each file
lies FILE.json (protocol.py). The same seed gives the same bytes. Prints one line per file: its name.
"""

import os
import random
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from payloads import alike, empty, sizes, small, text
from protocol import describe

COMPRESSIONS = {"": "", ".gz": "GZIP", ".zlib": "ZLIB"}


def compressible(rng):
    """Long runs, which decompress to far more than any read buffer."""
    return [bytes([rng.randrange(256)]) * size for size in (0, 5_000_000, 3, 1 << 20, 65536)]


SHARDS = [sizes, small, compressible, text, alike, empty]


def write(path, records, compression, flush_every=None):
    with tf.io.TFRecordWriter(path, options=compression) as writer:
        for index, record in enumerate(records):
            writer.write(record)
            if flush_every and index % flush_every == 0:
                writer.flush()


def main(folder, seed):
    os.makedirs(folder, exist_ok=True)
    for make in SHARDS:
        for suffix, compression in COMPRESSIONS.items():
            records = make(random.Random(f"{seed} {make.__name__} {suffix}"))
            path = os.path.join(folder, f"{make.__name__}{suffix}.tfrecord")
            write(path, records, compression)
            describe(path, records)

    flushed = text(random.Random(f"{seed} flushed"))
    for suffix, compression in COMPRESSIONS.items():
        path = os.path.join(folder, f"flushed{suffix}.tfrecord")
        write(path, flushed, compression, flush_every=7)
        describe(path, flushed)

    # Concatenated files are a valid file, including gzip members.
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
        describe(path, halves[0] + halves[1])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
