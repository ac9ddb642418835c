"""Serves the SageMaker SDK's recordio functions over the line protocol of bench/against.

`read_recordio` checks only the magic number and does not support multipart records.
"""

import importlib.metadata
import zlib
from itertools import islice

from sagemaker.amazon.common import _write_recordio, read_recordio

from peer_protocol import Stopwatch, measured, records_to_write, serve


def read(request):
    records = payload_bytes = 0
    with Stopwatch() as watch:
        with open(request["path"], "rb") as file:
            for record in islice(read_recordio(file), request.get("limit")):
                records += 1
                payload_bytes += len(record)
    return measured(watch, records, payload_bytes)


def read_pipe(request):
    """Reads one epoch; with `check`, also computes the CRC-32 of its records."""
    check = request.get("check", False)
    records = payload_bytes = crc = 0
    with Stopwatch() as watch:
        with open(request["pipe"], "rb") as pipe:
            for record in islice(read_recordio(pipe), request.get("limit")):
                records += 1
                payload_bytes += len(record)
                if check:
                    crc = zlib.crc32(record, crc)
    return {**measured(watch, records, payload_bytes), **({"sum": crc} if check else {})}


def write(request):
    records = records_to_write(request)
    with Stopwatch() as watch:
        with open(request["path"], "wb") as file:
            for record in records:
                _write_recordio(file, record)
    return measured(watch, len(records), sum(map(len, records)))


serve(
    "sagemaker",
    importlib.metadata.version("sagemaker"),
    {
        "read": {"read_recordio": read},
        "write": {"_write_recordio": write},
        "pipe": {"read_recordio": read_pipe},
    },
    notes={"read_recordio": "checks only the magic number", "_write_recordio": "does not escape magic numbers"},
)
