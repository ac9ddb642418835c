"""Writes and reads objects with boto3: `boto3_objects.py put|get BUCKET FILE`.

FILE has a JSON list of keys. The contents of each object are its key in UTF-8.
"""

import json
import os
import sys

import boto3
from botocore.config import Config

what, bucket, path = sys.argv[1:]
config = Config(s3={"addressing_style": "path"})
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], config=config)
with open(path, encoding="utf-8") as file:
    keys = json.load(file)
if what == "put":
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
else:
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    print(json.dumps(bodies))
