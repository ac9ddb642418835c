"""What peers that parse Examples have in common: the records of a file, and sums of what was found."""

import struct


def records_of(path):
    with open(path, "rb") as file:
        data = file.read()
    records, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        records.append(data[at + 12 : at + 12 + length])
        at += length + 16
    return records


def added(facts, more):
    return {what: total + more[what] for what, total in facts.items()}
