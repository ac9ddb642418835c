"""Trains a linear model on tf.Examples with TensorFlow."""

import tensorflow as tf

from pipe_records import read_epoch

EPOCHS = 3
FEATURES = {
    "x": tf.io.FixedLenFeature([4], tf.float32),
    "y": tf.io.FixedLenFeature([1], tf.float32),
}


def batches(channel, epoch):
    """The batches of one epoch. TFRecordDataset cannot read pipes, because it seeks."""
    records = tf.data.Dataset.from_generator(
        lambda: read_epoch(channel, epoch),
        output_signature=tf.TensorSpec([], tf.string),
    )
    return (
        records.batch(32)
        .map(lambda batch: tf.io.parse_example(batch, FEATURES))
        .prefetch(tf.data.AUTOTUNE)
    )


weights = tf.Variable(tf.zeros([4, 1]))
bias = tf.Variable(tf.zeros([1]))
for epoch in range(EPOCHS):
    count, total = 0, 0.0
    for batch in batches("train", epoch):
        with tf.GradientTape() as tape:
            predicted = tf.matmul(batch["x"], weights) + bias
            loss = tf.reduce_mean(tf.square(predicted - batch["y"]))
        for variable, gradient in zip((weights, bias), tape.gradient(loss, (weights, bias))):
            variable.assign_sub(0.1 * gradient)
        size = len(batch["y"])
        count += size
        total += float(loss) * size
    print(f"epoch {epoch}: {count} rows, loss {total / count:.4f}", flush=True)
