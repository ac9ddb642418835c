"""Serves TensorFlow 2.14 with the S3 file system of tensorflow-io 0.34 over the line protocol.

Later versions of TensorFlow read no `s3://` addresses, and tensorflow-io has no release for them.
tensorflow-io is installed with the other loaders; only this module comes from there.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_REGION="us-east-1", S3_VERIFY_SSL="0")
# The endpoint must be known before the file system is loaded.
os.environ["S3_ENDPOINT"] = sys.argv[1]
os.environ["S3_USE_HTTPS"] = "0"
sys.path.append(sys.argv[2])

import tensorflow as tf
import tensorflow_io

from image_datasets import IMAGE_OPERATIONS
from peer_protocol import serve

serve("tensorflow-io", f"{tensorflow_io.__version__}, TensorFlow {tf.__version__}", {"images": IMAGE_OPERATIONS})
