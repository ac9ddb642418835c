"""The line protocol of bench/against (see README.md there) for peers written in Python.

A peer passes its name, its version, and a table of functions to `serve`. Requests arrive on stdin
and answers go to stdout, one JSON document per line. The functions measure their own time with
`Stopwatch`.
"""

import json
import sys
import time

import numpy

FRAMING_BYTES = 16
POOL_BYTES = 16 << 20


class Stopwatch:
    """Measures the seconds that its `with` block takes, on the monotonic clock."""

    def __enter__(self):
        self.start = time.perf_counter_ns()
        return self

    def __exit__(self, *exception):
        self.seconds = (time.perf_counter_ns() - self.start) / 1e9


def serve(name, version, operations, notes=None):
    """Announces the peer, then answers requests until stdin ends or `exit` arrives.

    operations: {op: {mode: function(request) -> answer}}
    notes: {mode: caveats about its figures}
    """
    modes = {op: list(functions) for op, functions in operations.items()}
    send({"ready": True, "name": name, "version": version, "modes": modes, "notes": notes or {}})
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "exit":
            return
        send({"id": request.get("id"), **perform(operations, request)})


def perform(operations, request):
    try:
        function = operations.get(request["op"], {}).get(request.get("mode"))
        if function is None:
            raise ValueError(f"no such mode: {request['op']} {request.get('mode')}")
        return function(request)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def measured(watch, records, payload_bytes):
    return {"seconds": watch.seconds, "records": records, "bytes": payload_bytes}


def payload_pool(count, size, seed):
    """Returns the records that every peer writes for the same count, size, and seed (see README.md)."""
    distinct = min(count, max(1, POOL_BYTES // max(1, size)))
    words = -(-distinct * size // 4)
    h = numpy.arange(words, dtype=numpy.uint32) + numpy.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    h = (h ^ (h >> 16)) * numpy.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * numpy.uint32(0xC2B2AE35)
    data = (h ^ (h >> 16)).astype("<u4").tobytes()
    return [data[k * size : (k + 1) * size] for k in range(distinct)]


def records_to_write(request):
    """Returns `count` records, built before the measured time; they repeat the pool."""
    count, size = request["count"], request["size"]
    pool = payload_pool(count, size, request.get("seed", 0))
    rounds = -(-count // max(1, len(pool)))
    return (pool * rounds)[:count]
