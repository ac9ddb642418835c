"""Prints each record of a file of Examples as JSON, formatted by protobuf's json_format.

usage: tensorflow_example_json.py FILE Example|SequenceExample
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
from google.protobuf import json_format

path, kind = sys.argv[1:]
message = {"Example": tf.train.Example, "SequenceExample": tf.train.SequenceExample}[kind]
for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
    print(json_format.MessageToJson(message.FromString(record), indent=None))
