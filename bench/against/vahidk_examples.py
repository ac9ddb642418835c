"""Examples that are in memory, as the loader of vahidk's `tfrecord` takes them apart once it has a record: protobuf, then an array of each feature."""

import time

from example_records import added, records_of
from tfrecord import example_pb2
from tfrecord.reader import extract_feature_dict

KINDS = {"bytes": "byte", "float": "float", "int64": "int"}
LISTS = {"byte": "bytes_list", "float": "float_list", "int": "int64_list"}


def facts_of(parsed, specs):
    """Sums of what was found, as bench/examples.mjs makes them."""
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


def parse_examples(request):
    specs = request["specs"]
    description = {name: KINDS[spec["kind"]] for name, spec in specs.items()}
    records = records_of(request["path"])

    def parsed(record):
        example = example_pb2.Example()
        example.ParseFromString(record)
        return extract_feature_dict(example.features, description, LISTS)

    answer = {}
    if request.get("check"):
        answer["facts"] = {"bytes": 0, "firsts": 0, "floats": 0, "integers": 0}
        for record in records:
            answer["facts"] = added(answer["facts"], facts_of(parsed(record), specs))
    passes, start = 0, time.perf_counter()
    while passes == 0 or time.perf_counter() - start < request["seconds"]:
        for record in records:
            parsed(record)
        passes += 1
    return {"seconds": time.perf_counter() - start, "records": passes * len(records), **answer}
