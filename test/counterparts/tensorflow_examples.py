"""Parses Examples with TensorFlow, so that the tests can compare the results.

    tensorflow_examples.py messages FILE
    tensorflow_examples.py parse FILE
    tensorflow_examples.py sequences FILE

`messages`: FILE holds a JSON array of {"kind": "Example"|"SequenceExample", "hex"}; prints a JSON line for each:
{"context", "lists", "deterministic"}, the features by name, and the message written again.
`parse`: FILE holds a JSON array of {"specs", "records"}; prints a JSON line for each: {"batch", "singles"}, what
parse_example makes of all records and parse_single_example of each, {"error"} where it makes none.

`sequences`: FILE holds a JSON array of {"context", "lists", "record"}, the first two specs; prints a JSON line for each:
{"context", "lists"}, what parse_single_sequence_example makes of it, or {"error"}.

Bytes are hexadecimal, integers their digits, floats the hexadecimal of their 32 bits, or NaN.
"""

import json
import os
import struct
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

TYPES = {"bytes": tf.string, "float": tf.float32, "int64": tf.int64}


def canonical(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return "NaN" if value != value else struct.pack(">f", value).hex()
    return str(value)


def feature(message):
    kind = message.WhichOneof("kind")
    values = [] if kind is None else getattr(message, kind).value
    return {"kind": "none" if kind is None else kind.removesuffix("_list"), "value": [canonical(one) for one in values]}


def features(message):
    return {name: feature(one) for name, one in message.feature.items()}


def message(case):
    record = bytes.fromhex(case["hex"])
    if case["kind"] == "Example":
        parsed = tf.train.Example.FromString(record)
        context, lists = parsed.features, {}
    else:
        parsed = tf.train.SequenceExample.FromString(record)
        context, lists = parsed.context, parsed.feature_lists.feature_list
    return {
        "context": features(context),
        "lists": {name: [feature(step) for step in one.feature] for name, one in lists.items()},
        "deterministic": parsed.SerializeToString(deterministic=True).hex(),
    }


def default_of(spec):
    given = spec.get("defaultValue")
    if given is not None and spec["kind"] == "int64":
        return [int(one) for one in given] if isinstance(given, list) else int(given)
    return given


def spec_of(spec):
    kind = TYPES[spec["kind"]]
    match spec["type"]:
        case "fixedLen":
            return tf.io.FixedLenFeature(spec["shape"], kind, default_of(spec))
        case "varLen":
            return tf.io.VarLenFeature(kind)
        case "fixedLenSequence":
            return tf.io.FixedLenSequenceFeature(spec["shape"], kind, True, default_of(spec))
        case "sparse":
            return tf.io.SparseFeature(
                spec["indexKeys"], spec["valueKey"], kind, spec["sizes"], spec["alreadySorted"]
            )
        case "ragged":
            return tf.io.RaggedFeature(kind, spec.get("valueKey"))


def flat(tensor):
    return [canonical(one) for one in tf.reshape(tensor, [-1]).numpy().tolist()]


def column(tensor):
    if isinstance(tensor, tf.SparseTensor):
        return {
            "indices": tensor.indices.numpy().reshape(-1).tolist(),
            "values": flat(tensor.values),
            "shape": tensor.dense_shape.numpy().tolist(),
        }
    if isinstance(tensor, tf.RaggedTensor):
        return {"rowSplits": tensor.row_splits.numpy().tolist(), "values": flat(tensor.values)}
    return {"shape": tensor.shape.as_list(), "values": flat(tensor)}


def attempt(parse, records, specs):
    try:
        return {name: column(tensor) for name, tensor in parse(records, specs).items()}
    # TensorFlow includes arbitrary bytes of the record in its messages.
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        return {"error": type(error).__name__, "message": str(error)}


def parse(case):
    specs = {name: spec_of(spec) for name, spec in case["specs"].items()}
    records = [bytes.fromhex(record) for record in case["records"]]
    return {
        "batch": attempt(tf.io.parse_example, records, specs),
        "singles": [attempt(tf.io.parse_single_example, record, specs) for record in records],
    }


def list_spec_of(spec):
    if spec["type"] == "fixedLenSequence":
        return tf.io.FixedLenSequenceFeature(spec["shape"], TYPES[spec["kind"]], True)
    return spec_of(spec)


def sequence(case):
    context = {name: spec_of(spec) for name, spec in case["context"].items()}
    lists = {name: list_spec_of(spec) for name, spec in case["lists"].items()}
    try:
        found = tf.io.parse_single_sequence_example(bytes.fromhex(case["record"]), context, lists)
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {
        what: {name: column(tensor) for name, tensor in columns.items()}
        for what, columns in zip(("context", "lists"), found)
    }


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        for case in json.load(file):
            print(json.dumps({"messages": message, "parse": parse, "sequences": sequence}[sys.argv[1]](case)), flush=True)
