"""Reads images with labels from TFRecords with tf.data. TensorFlow adds up labels and lengths."""

import tensorflow as tf

from images import BATCH, BUFFER, IMAGE, LABEL, reading

FEATURES = {IMAGE: tf.io.FixedLenFeature([], tf.string), LABEL: tf.io.FixedLenFeature([], tf.int64)}


def batches_of(paths, shuffle):
    dataset = tf.data.TFRecordDataset(paths)
    if shuffle:
        dataset = dataset.shuffle(BUFFER)
    dataset = dataset.batch(BATCH).map(lambda records: tf.io.parse_example(records, FEATURES))
    return dataset.prefetch(2)


def read_batches(shuffle):
    def read(request, facts):
        for batch in batches_of(request["paths"], shuffle):
            labels = batch[LABEL].numpy()
            if facts.check:
                for image, label in zip(batch[IMAGE].numpy(), labels):
                    facts.add(image, int(label))
            else:
                facts.records += len(labels)
                facts.labels += labels.sum()
                facts.lengths += tf.reduce_sum(tf.strings.length(batch[IMAGE])).numpy()

    return reading(read)


IMAGE_OPERATIONS = {
    "TFRecordDataset.batch.parse.prefetch": read_batches(False),
    "TFRecordDataset.shuffle.batch.parse.prefetch": read_batches(True),
}
