"""Shared by peers that parse Examples: reads the records of a file and sums parsed values."""

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


def facts_of(parsed, specs):
    """Sums parsed values, arrays or single values by name, in the same way as bench/examples.mjs."""
    facts = {"bytes": 0, "firsts": 0, "floats": 0, "integers": 0}
    for name, spec in specs.items():
        values = parsed[name]
        if spec["kind"] == "bytes":
            values = [values] if isinstance(values, bytes) else values
            facts["bytes"] += sum(map(len, values))
            facts["firsts"] += sum(value[0] for value in values)
        elif spec["kind"] == "float":
            facts["floats"] += float(values.astype("float64").sum())
        else:
            facts["integers"] += int(values.sum())
    return facts


def added(facts, more):
    return {what: total + more[what] for what, total in facts.items()}
