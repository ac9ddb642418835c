"""Columns of Examples with TensorFlow: one `tf.train.Example` after the other, or batches of `parse_example`."""

import tensorflow as tf

from example_parsing import features_of
from tables import ROWS, batched, converting, summing


def messages(request):
    """The loop of most scripts: parses the protobuf of each record and takes its values."""

    def rows():
        for raw in tf.data.TFRecordDataset(request["path"]):
            example = tf.train.Example()
            example.ParseFromString(raw.numpy())
            yield {name: value_of(feature) for name, feature in example.features.feature.items()}

    return batched(rows())


def value_of(feature):
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value
    return values[0] if len(values) == 1 else list(values)


def parsed_batches(request):
    """Parses batches inside of the dataset, as the guide to performance recommends."""
    features = features_of(request["specs"])
    dataset = tf.data.TFRecordDataset(request["path"]).batch(ROWS)
    return dataset.map(lambda raw: tf.io.parse_example(raw, features)).prefetch(2).as_numpy_iterator()


def arrow_batches(request):
    """Batches whose byte strings are objects of Python, which pyarrow takes."""
    for batch in parsed_batches(request):
        yield {name: values.tolist() if values.dtype == object else values for name, values in batch.items()}


def single_records(request):
    """Parses records one by one inside of the dataset; the loop takes dicts of scalars of NumPy."""
    features = features_of(request["specs"])
    dataset = tf.data.TFRecordDataset(request["path"]).map(lambda raw: tf.io.parse_single_example(raw, features))

    def rows():
        for row in dataset.prefetch(2).as_numpy_iterator():
            yield {name: [value] for name, value in row.items()}

    return rows()


TABLE_OPERATIONS = {
    "convert": {
        "tf.train.Example, pyarrow": converting(messages),
        "parse_example, pyarrow": converting(arrow_batches),
    },
    "columns": {
        "parse_single_example, numpy": summing(single_records),
        "parse_example, numpy": summing(parsed_batches),
    },
}
