"""Trains a small Keras model on the channel `train` for a few batches. Prints when the loop started and had its first batch.

    first_batch.py files|pipe fit|iterate IMAGE_BYTES

files: TFRecordDataset over the files of SM_CHANNEL_TRAIN; pipe: the original PipeModeDataset. fit: `model.fit`, to
the end of its first batch; iterate: the dataset alone, to its first batch.

Prints one line of JSON. Times are milliseconds of the monotonic clock, which all processes share. The losses, or the
sums of the records, show that all ways train on the same data in the same order.
"""

import glob
import json
import os
import sys
import time
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

source, loop, size = sys.argv[1:]
channel = os.environ["SM_CHANNEL_TRAIN"]
BATCH = 128
BATCHES = 4
FEATURES = {
    "image": tf.io.FixedLenFeature([], tf.string),
    "label": tf.io.FixedLenFeature([], tf.int64),
}


def now():
    return time.monotonic() * 1000


def records():
    if source == "files":
        return tf.data.TFRecordDataset(sorted(glob.glob(f"{channel}/*.tfrecord")))
    from sagemaker_tensorflow import PipeModeDataset

    pipe_dir = os.path.dirname(channel)
    root = os.path.dirname(os.path.dirname(pipe_dir))
    return PipeModeDataset(
        "train",
        record_format="TFRecord",
        pipe_dir=pipe_dir,
        config_dir=f"{root}/input/config",
        state_dir=f"{root}/pipe_state",
    )


def parse(batch):
    example = tf.io.parse_example(batch, FEATURES)
    pixels = tf.io.decode_raw(example["image"], tf.uint8)
    return tf.cast(pixels, tf.float32) / 255.0, example["label"]


class FirstBatch(tf.keras.callbacks.Callback):
    first = None

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))
        self.first = self.first or now()


def fit(dataset, size):
    initial = tf.keras.initializers.GlorotUniform(seed=1)
    model = tf.keras.Sequential([tf.keras.Input((size,)), tf.keras.layers.Dense(10, kernel_initializer=initial)])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.SGD(0.001), loss=loss)
    seen = FirstBatch()
    start = now()
    model.fit(dataset, steps_per_epoch=BATCHES, verbose=0, callbacks=[seen])
    return start, seen.first, seen.losses


def iterate(dataset):
    start = now()
    first, sums = None, []
    for images, labels in dataset:
        first = first or now()
        sums.append(float(tf.reduce_sum(images)))
        if len(sums) == BATCHES:
            break
    return start, first, sums


dataset = records().batch(BATCH, drop_remainder=True).map(parse).prefetch(2)
start, first, values = fit(dataset, int(size)) if loop == "fit" else iterate(dataset)
print(json.dumps({"start": start, "first": first, "values": values, "keras": version("keras")}))
