"""Parses Examples in memory with TensorFlow, one by one and as a batch.

Kept on one processor, TensorFlow uses one thread.
"""

import time

import tensorflow as tf

from example_records import added, facts_of, records_of

KINDS = {"bytes": tf.string, "float": tf.float32, "int64": tf.int64}


def features_of(specs):
    return {
        name: tf.io.FixedLenFeature([] if spec["count"] == 1 else [spec["count"]], KINDS[spec["kind"]])
        for name, spec in specs.items()
    }


kept = {}


def prepared(request, parse, batched):
    """Returns records as tensors and the traced function, created on first use of a file."""
    key = (request["path"], batched)
    if kept.get("key") != key:
        features = features_of(request["specs"])
        records = records_of(request["path"])
        inputs = [tf.constant(records)] if batched else [tf.constant(record) for record in records]
        kept.update(key=key, inputs=inputs, run=tf.function(lambda record: parse(record, features)), count=len(records))
    return kept["inputs"], kept["run"], kept["count"]


def parsing(parse, batched):
    def run_for(request):
        inputs, run, count = prepared(request, parse, batched)
        answer = {}
        if request.get("check"):
            answer["facts"] = {"bytes": 0, "firsts": 0, "floats": 0, "integers": 0}
            for one in inputs:
                arrays = {name: values.numpy() for name, values in run(one).items()}
                answer["facts"] = added(answer["facts"], facts_of(arrays, request["specs"]))
        passes, start = 0, time.perf_counter()
        while passes == 0 or time.perf_counter() - start < request["seconds"]:
            for one in inputs:
                run(one)
            passes += 1
        return {"seconds": time.perf_counter() - start, "records": passes * count, **answer}

    return run_for


parse_singles = parsing(tf.io.parse_single_example, False)
parse_batches = parsing(tf.io.parse_example, True)
