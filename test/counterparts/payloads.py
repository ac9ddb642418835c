"""Payloads for the writers in this directory, determined by the random state."""

import struct

# Around the sizes of the header, of vectors, of the kernel's blocks, and of common buffers.
SIZES = [0, 1, 2, 3, 4, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129]
SIZES += [255, 256, 257, 383, 384, 385, 511, 512, 513, 1000, 1023, 1024, 1025, 4080, 4095, 4096, 4097]
SIZES += [5321, 10000, 16384, 24575, 24576, 24577, 65520, 65535, 65536, 65537, 100000, 262127, 262144]
SIZES += [300001, 1 << 20, (1 << 20) + 1]

RECORDIO_MAGIC = struct.pack("<I", 0xCED7230A)


def sizes(rng):
    """Every size once, shuffled, filled with incompressible noise."""
    return [rng.randbytes(size) for size in rng.sample(SIZES, len(SIZES))]


def small(rng):
    return [rng.randbytes(rng.randrange(0, 40)) for _ in range(20_000)]


def text(rng):
    words = [b"record", b"pipe", b"shard", b"\n", b" ", "größe".encode()]
    return [b"".join(rng.choices(words, k=rng.randrange(200))) for _ in range(500)]


def alike(rng):
    """Payloads that resemble other data: a record, ones, zero padding, the start of a gzip file."""
    record = bytes.fromhex("000000000000000029039807d8ea82a2")
    return [record, record * 1000, b"\xff" * 12, b"\x00" * 4096, b"\x1f\x8b\x08" + rng.randbytes(50)]


def magics(rng):
    """RecordIO's magic number inside records, aligned (which gives a multipart record) and unaligned."""
    recordio = RECORDIO_MAGIC + struct.pack("<I", 5) + b"hello\0\0\0"
    fixed = [RECORDIO_MAGIC * count for count in (1, 2, 3, 1000)]
    fixed += [b"abcd" + RECORDIO_MAGIC + b"ef", b"ab" + RECORDIO_MAGIC + b"cd", recordio, recordio * 100]
    fixed += [RECORDIO_MAGIC[:cut] for cut in (1, 2, 3)] + [RECORDIO_MAGIC + RECORDIO_MAGIC[:3]]
    fixed += [rng.randbytes((1 << 20) - 4) + RECORDIO_MAGIC, RECORDIO_MAGIC + rng.randbytes(1 << 20)]
    pieces = [RECORDIO_MAGIC] * 6 + [b"wordwordword", b"word", b"s", b"", RECORDIO_MAGIC[:2]]
    return fixed + [b"".join(rng.choices(pieces, k=rng.randrange(12))) for _ in range(3000)]


def empty(rng):
    return []
