"""Reads TFRecord files with TensorFlow, so that the tests can compare the results.

    tensorflow_read.py DIR

Takes every *.tfrecord in DIR (NAME.gz.tfrecord as GZIP, NAME.zlib.tfrecord as ZLIB), in the order of their
names, and prints one JSON line for each (protocol.py).
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from protocol import listed, read_folder


def compression_of(name):
    for suffix, compression in ((".gz.tfrecord", "GZIP"), (".zlib.tfrecord", "ZLIB")):
        if name.endswith(suffix):
            return compression
    return ""


def read(path):
    options = tf.io.TFRecordOptions(compression_type=compression_of(path))
    return map(listed, tf.compat.v1.io.tf_record_iterator(path, options))


if __name__ == "__main__":
    read_folder(sys.argv[1], ".tfrecord", read)
