"""Reads TFRecords from the pipes of SageMaker's Pipe mode, and of `recordpipe stream`."""

import os
import struct
from typing import BinaryIO, Iterator


def read_epoch(channel: str, epoch: int) -> Iterator[bytes]:
    """Yields the records of one epoch. Each epoch has its own pipe, which can be read once."""
    path = f"{os.environ['SM_CHANNEL_' + channel.upper()]}_{epoch}"
    with open(path, "rb") as pipe:
        yield from read_tfrecords(pipe)


def read_tfrecords(stream: BinaryIO) -> Iterator[bytes]:
    """Yields the payloads of records: length, checksum of the length, payload, checksum.

    Does not verify the checksums, because `recordpipe validate` did.
    """
    while header := stream.read(12):
        if len(header) < 12:
            raise EOFError("the stream ends inside a record")
        (length,) = struct.unpack("<Q", header[:8])
        data = stream.read(length + 4)
        if len(data) < length + 4:
            raise EOFError("the stream ends inside a record")
        yield data[:length]
