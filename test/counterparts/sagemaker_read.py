"""Reads RecordIO files with the SageMaker SDK's read_recordio, so that the tests can compare the results.

    sagemaker_read.py DIR

Takes every *.rec in DIR, in the order of their names, and prints one JSON line for each (protocol.py).
"""

import sys

from protocol import listed, read_folder
from sagemaker_sdk import read_recordio


def read(path):
    with open(path, "rb") as file:
        yield from map(listed, read_recordio(file))


if __name__ == "__main__":
    read_folder(sys.argv[1], ".rec", read)
