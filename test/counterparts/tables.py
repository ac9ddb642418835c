"""Compares the values of record files and tables, every value: TensorFlow against pyarrow and DuckDB.

    tables.py compare MESSAGE RECORDS TABLE...     tables that recordpipe wrote from a TFRecord file
    tables.py make FOLDER                          writes tables with pyarrow and DuckDB
    tables.py check TABLE...                       TABLE.tfrecord, which recordpipe wrote from such a table

`compare` and `check` print a JSON line per way of reading: {"way", "rows", "values"}. A difference ends the program
with an error. Floats are compared as bits. MESSAGE is Example or SequenceExample.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import duckdb
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.ipc
import pyarrow.parquet
import tensorflow as tf

ROWS = 2048
DTYPES = {"int64": tf.int64, "float": tf.float32, "bytes": tf.string}


def is_list(type):
    return pyarrow.types.is_list(type) or pyarrow.types.is_large_list(type) or pyarrow.types.is_fixed_size_list(type)


def kind_of(type):
    while is_list(type):
        type = type.value_type
    if pyarrow.types.is_dictionary(type):
        type = type.value_type
    if pyarrow.types.is_integer(type) or pyarrow.types.is_boolean(type):
        return "int64"
    return "float" if pyarrow.types.is_floating(type) else "bytes"


def comparable(array, kind):
    """Returns values without nulls in a form that compares exactly."""
    if kind == "int64":
        return array.cast(pyarrow.int64()).to_numpy(zero_copy_only=False)
    if kind == "float":
        return array.to_numpy(zero_copy_only=False).astype(numpy.float32).view(numpy.uint32)
    return array.cast(pyarrow.large_binary()).to_pylist()


def lists_of(array):
    """Returns which lists exist, their lengths, and their items. A scalar is a list of one value."""
    if pyarrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    exists = array.is_valid().to_numpy(zero_copy_only=False)
    if not is_list(array.type):
        return exists, exists.astype(numpy.int64), array.drop_null()
    lengths = pyarrow.compute.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    return exists, lengths.astype(numpy.int64), array.flatten()


def equal(what, first, mine, theirs):
    if isinstance(mine, numpy.ndarray) and isinstance(theirs, numpy.ndarray) and numpy.array_equal(mine, theirs):
        return len(mine)
    mine, theirs = list(mine), list(theirs)
    if mine != theirs:
        at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
        raise SystemExit(f"{what}, from row {first}: at {at}: {mine[at:at + 3]} instead of {theirs[at:at + 3]}")
    return len(mine)


def tensor_values(tensor, kind):
    values = tensor.flat_values.numpy()
    return values.view(numpy.uint32) if kind == "float" else values.tolist() if kind == "bytes" else values


def has_kind(features, name):
    return name in features and features[name].WhichOneof("kind") is not None


def compare(message, records, fields, batches):
    """Compares all rows. Returns the number of rows and of values."""
    features = [field for field in fields if field["part"] == "feature"]
    lists = [field for field in fields if field["part"] == "featureList"]
    unset = [field for field in fields if field["part"] == "unsetFeatures"]
    source = tf.data.TFRecordDataset(records).as_numpy_iterator()
    rows = values = 0
    for batch in batches:
        raw = [next(source) for _ in range(batch.num_rows)]
        columns = dict(zip((field["name"] for field in fields), batch.columns))
        kinds = {name: kind_of(column.type) for name, column in columns.items()}
        ragged = {field["of"]: tf.io.RaggedFeature(DTYPES[kinds[field["name"]]]) for field in features}
        steps = {field["of"]: tf.io.RaggedFeature(DTYPES[kinds[field["name"]]]) for field in lists}
        if message == "Example":
            parsed = tf.io.parse_example(raw, ragged) if ragged else {}
            contexts = [tf.train.Example.FromString(one).features.feature for one in raw]
        else:
            parsed, sequences, _ = tf.io.parse_sequence_example(raw, ragged or None, steps or None)
            protos = [tf.train.SequenceExample.FromString(one) for one in raw]
            contexts = [one.context.feature for one in protos]
        for field in features:
            name, kind = field["of"], kinds[field["name"]]
            exists, lengths, items = lists_of(columns[field["name"]])
            equal(f"presence of {name!r}", rows, exists, [has_kind(one, name) for one in contexts])
            equal(f"lengths of {name!r}", rows, lengths, parsed[name].row_lengths().numpy())
            values += equal(name, rows, comparable(items, kind), tensor_values(parsed[name], kind))
        for field in lists:
            name, kind = field["of"], kinds[field["name"]]
            all_steps = [one.feature_lists.feature_list for one in protos]
            exists, counts, inner = lists_of(columns[field["name"]])
            step_exists, lengths, items = lists_of(inner)
            equal(f"presence of list {name!r}", rows, exists, [name in one for one in all_steps])
            equal(f"steps of {name!r}", rows, counts, [len(one[name].feature) if name in one else 0 for one in all_steps])
            kinded = [step.WhichOneof("kind") is not None for one in all_steps if name in one for step in one[name].feature]
            equal(f"kinds of steps of {name!r}", rows, step_exists, kinded)
            equal(f"lengths of steps of {name!r}", rows, lengths, sequences[name].values.row_lengths().numpy())
            values += equal(name, rows, comparable(items, kind), tensor_values(sequences[name], kind))
        named = columns[unset[0]["name"]].to_pylist() if unset else [[]] * len(raw)
        without = [sorted(name for name in one if not has_kind(one, name)) for one in contexts]
        values += sum(map(len, named))
        equal("features without a kind", rows, [sorted(names or []) for names in named], without)
        rows += len(raw)
    if next(source, None) is not None:
        raise SystemExit(f"the table ends after {rows} rows, the records do not")
    return rows, values


def schema_of(table):
    if table.endswith(".parquet"):
        return pyarrow.parquet.read_schema(table)
    return opened_arrow(table).schema


def opened_arrow(table):
    source = pyarrow.memory_map(table)
    try:
        return pyarrow.ipc.open_file(source)
    except pyarrow.ArrowInvalid:
        source.seek(0)
        return pyarrow.ipc.open_stream(source)


def fields_of(table):
    """Returns the fields of recordpipe's schema, or a feature for each column of other tables."""
    schema = schema_of(table)
    stored = (schema.metadata or {}).get(b"recordpipe")
    if stored is not None:
        return json.loads(stored)["fields"]
    return [{"name": name, "of": name, "part": "feature"} for name in schema.names]


def pyarrow_batches(table):
    if table.endswith(".parquet"):
        yield from pyarrow.parquet.ParquetFile(table).iter_batches(ROWS)
    else:
        yield from (batch.slice(at, ROWS) for batch in arrow_batches(table) for at in range(0, batch.num_rows, ROWS))


def arrow_batches(table):
    reader = opened_arrow(table)
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(i) for i in range(reader.num_record_batches))
    return iter(reader)


def duckdb_batches(table):
    connection = duckdb.connect(config={"preserve_insertion_order": True})
    if table.endswith(".parquet"):
        relation = connection.from_parquet(table)
    else:
        relation = connection.from_arrow(pyarrow.RecordBatchReader.from_batches(schema_of(table), arrow_batches(table)))
    yield from relation.to_arrow_reader(ROWS)


def made_tables():
    """Returns tables of types that recordpipe does not write itself."""
    numbers = range(-300, 700)
    floats = numpy.arange(1000, dtype=numpy.uint32) * numpy.uint32(4294967)
    return {
        "numbers": pyarrow.table(
            {
                "int8": pyarrow.array([i % 100 for i in numbers], pyarrow.int8()),
                "int16": pyarrow.array(numbers, pyarrow.int16()),
                "int32": pyarrow.array([i * 3_000_000 for i in numbers], pyarrow.int32()),
                "int64": pyarrow.array([i * (2**53 + 1) for i in numbers], pyarrow.int64()),
                "uint8": pyarrow.array([i % 256 for i in numbers], pyarrow.uint8()),
                "uint32": pyarrow.array([(i * 99991) % 2**32 for i in numbers], pyarrow.uint32()),
                "uint64": pyarrow.array([(i * (2**60 + 7)) % 2**63 for i in numbers], pyarrow.uint64()),
                "bool": pyarrow.array([i % 3 == 0 for i in numbers]),
                "float": pyarrow.array(floats.view(numpy.float32)),
                "double": pyarrow.array([i / 8 for i in numbers], pyarrow.float64()),
                "nulls": pyarrow.array([None if i % 3 else i for i in numbers], pyarrow.int64()),
            }
        ),
        "bytes": pyarrow.table(
            {
                "text": pyarrow.array([f"grüß 🦊 {i}" * (i % 4) for i in numbers]),
                "binary": pyarrow.array([bytes([i % 256, 0xFF]) * (i % 3) for i in numbers], pyarrow.binary()),
                "nulls": pyarrow.array([None if i % 5 else f"{i}" for i in numbers]),
                "large": pyarrow.array([f"large {i}" for i in numbers], pyarrow.large_string()),
                "words": pyarrow.array(["cat", "dog", None, "fox"] * 250).dictionary_encode(),
            }
        ),
        "lists": pyarrow.table(
            {
                "ints": pyarrow.array([None if i % 7 == 0 else list(range(i % 5)) for i in numbers], pyarrow.list_(pyarrow.int64())),
                "floats": pyarrow.array([[i / 2] * (i % 4) for i in numbers], pyarrow.list_(pyarrow.float32())),
                "texts": pyarrow.array([[f"{i}", ""] * (i % 3) for i in numbers], pyarrow.list_(pyarrow.string())),
                "large": pyarrow.array([[i] * (i % 2) for i in numbers], pyarrow.large_list(pyarrow.int64())),
                "fixed": pyarrow.array([[i, i + 1] for i in numbers], pyarrow.list_(pyarrow.int64(), 2)),
            }
        ),
    }


def make(folder):
    for name, table in made_tables().items():
        for compression, version, dictionary in (("snappy", "1.0", True), ("zstd", "2.0", False), ("none", "2.0", True), ("gzip", "1.0", False)):
            path = f"{folder}/{name}-{compression}.parquet"
            options = {"data_page_version": version, "use_dictionary": dictionary, "row_group_size": 300}
            pyarrow.parquet.write_table(table, path, compression=compression, **options)
            print(path)
        for kind, open_writer in (("file", pyarrow.ipc.new_file), ("stream", pyarrow.ipc.new_stream)):
            path = f"{folder}/{name}-{kind}.arrow"
            with open_writer(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=300)
            print(path)
        path = f"{folder}/{name}-duckdb.parquet"
        duckdb.connect().from_arrow(table).write_parquet(path)
        print(path)


def report(way, counted):
    print(json.dumps({"way": way, "rows": counted[0], "values": counted[1]}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "check":
        for table in sys.argv[2:]:
            report(table, compare("Example", f"{table}.tfrecord", fields_of(table), pyarrow_batches(table)))
    else:
        _, _, message, records, *tables = sys.argv
        for table in tables:
            for way, batches in (("pyarrow", pyarrow_batches), ("duckdb", duckdb_batches)):
                report(f"{way} {os.path.basename(table)}", compare(message, records, fields_of(table), batches(table)))
