"""Reads RecordIO files with MXNet, so that the tests can compare the results.

    mxnet_read.py DIR

Takes every *.rec in DIR, in the order of their names, and prints one JSON line for each (protocol.py). Where
NAME.idx lies beside NAME.rec, its records are those that MXIndexedRecordIO finds by the keys, in the order of the
index, each with its "key" (by-name* has text for keys). Those of headers* are unpacked: each has a "header", as
mxnet_write.py writes it, and its length and sum are of what follows the header.
"""

import os
import sys

from mxnet import recordio

from mxnet_write import in_bits
from protocol import listed, read_folder


def read(path):
    index = path[: -len(".rec")] + ".idx"
    name = os.path.basename(path)
    if os.path.exists(index):
        yield from read_by_keys(index, path, str if name.startswith("by-name") else int)
        return
    reader = recordio.MXRecordIO(path, "r")
    while (record := reader.read()) is not None:
        yield unpacked(record) if name.startswith("headers") else listed(record)


def read_by_keys(index, path, key_type):
    reader = recordio.MXIndexedRecordIO(index, path, "r", key_type)
    for key in reader.keys:
        yield listed(reader.read_idx(key), key=str(key))


def unpacked(record):
    header, payload = recordio.unpack(record)
    return listed(payload, header=in_bits(header))


if __name__ == "__main__":
    read_folder(sys.argv[1], ".rec", read)
