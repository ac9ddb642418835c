"""Serves MXNet's recordio over the line protocol of bench/against.

MXRecordIO calls dmlc's reader and writer through ctypes. Every record is a new `bytes` object.
"""

import mxnet
from mxnet.recordio import MXRecordIO

from peer_protocol import Stopwatch, measured, records_to_write, serve


def read(request):
    limit = request.get("limit")
    records = payload_bytes = 0
    with Stopwatch() as watch:
        reader = MXRecordIO(request["path"], "r")
        while records != limit and (record := reader.read()) is not None:
            records += 1
            payload_bytes += len(record)
        reader.close()
    return measured(watch, records, payload_bytes)


def write(request):
    records = records_to_write(request)
    with Stopwatch() as watch:
        writer = MXRecordIO(request["path"], "w")
        for record in records:
            writer.write(record)
        writer.close()
    return measured(watch, len(records), sum(map(len, records)))


serve("mxnet", mxnet.__version__, {"read": {"MXRecordIO": read}, "write": {"MXRecordIO": write}})
