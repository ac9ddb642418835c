"""Shared by peers that read a dataset of records: in order, shuffled, and from a saved position.

A peer provides two functions. `start(request)` opens the dataset and returns an iterator over the
records with two more methods: `state()` returns the position as JSON values, and `close()` ends it.
`resume(request, state)` does the same from a position.
"""

import itertools
import json
import struct
import time
import zlib

SEED = 7


def operations(start, resume, modes=("sequential", "shuffled")):
    """Returns the operations of a peer by name and mode."""
    return {
        "dataset": dict.fromkeys(modes, lambda request: read(start, request)),
        "resume": dict.fromkeys(modes, lambda request: measured_resume(start, resume, request)),
    }


def read(start, request):
    """Reads all records, or the first `limit`. With `check`, checksums prove which were read."""
    check = request.get("check", False)
    facts = {"records": 0, "bytes": 0, "crcs": 0, "order": 0}
    began = time.perf_counter()
    records = start(request)
    for record in itertools.islice(records, request.get("limit")):
        facts["records"] += 1
        facts["bytes"] += len(record)
        if check:
            crc = zlib.crc32(record)
            facts["crcs"] += crc
            facts["order"] = zlib.crc32(struct.pack("<I", crc), facts["order"])
    records.close()
    return {"seconds": time.perf_counter() - began, "facts": facts}


saved = {}


def measured_resume(start, resume, request):
    """Measures from opening the dataset to the first record after `at` records."""
    key = json.dumps([request["folder"], request["mode"], request["at"]])
    if key not in saved:
        saved[key] = position(start, request)
    state, expected = saved[key]
    began = time.perf_counter()
    records = resume(request, json.loads(state))
    record = next(records)
    seconds = time.perf_counter() - began
    records.close()
    return {"seconds": seconds, "stateBytes": len(state), "same": zlib.crc32(record) == expected}


def position(start, request):
    """Returns the state after `at` records, and the checksum of the next one."""
    records = start(request)
    for _ in range(request["at"]):
        next(records)
    state = json.dumps(records.state())
    expected = zlib.crc32(next(records))
    records.close()
    return state, expected
