"""Prints the SHA-256 of each record of the channel train, in the input mode that the job has.

A training script that needs no change between File, FastFile and Pipe mode.
"""
import hashlib
import json
import os

import tensorflow as tf

config = json.loads(os.environ["SM_INPUT_DATA_CONFIG"])["train"]
if config["TrainingInputMode"] == "Pipe":
    from sagemaker_tensorflow import PipeModeDataset

    dataset = PipeModeDataset(channel="train", record_format="TFRecord")
else:
    files = sorted(tf.io.gfile.glob(os.environ["SM_CHANNEL_TRAIN"] + "/*"))
    dataset = tf.data.TFRecordDataset(files)
for record in dataset:
    print("sha256:", hashlib.sha256(record.numpy()).hexdigest())
