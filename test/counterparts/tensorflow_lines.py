"""Reads the lines of text files with TensorFlow, so that the tests can compare the results.

    tensorflow_lines.py DIR

Takes every *.txt in DIR (NAME.gz.txt as GZIP, NAME.zlib.txt as ZLIB), in the order of their names, and prints one
JSON line for each (protocol.py); records are lines.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from protocol import listed, read_folder, read_here


def read(path):
    compression = {".gz": "GZIP", ".zlib": "ZLIB"}.get(os.path.splitext(path[: -len(".txt")])[1], "")
    return map(listed, tf.data.TextLineDataset(path, compression_type=compression).as_numpy_iterator())


if __name__ == "__main__":
    read_folder(sys.argv[1], ".txt", read, read_here)
