"""Writes RecordIO files with the SageMaker SDK, for tests that read them.

    sagemaker_write.py OUT_DIR SEED

Makes OUT_DIR/NAME.rec of every shard below with FILE.json beside it (protocol.py); the same seed gives the same
bytes. `_write_recordio` puts a payload in as it is, the magic too; tensors.rec is by write_numpy_to_dense_tensor,
its records are Records of protobuf.
"""

import io
import os
import random
import sys

import numpy as np

from payloads import alike, empty, magics, sizes, small, text
from protocol import describe
from sagemaker_sdk import _write_recordio, read_recordio, write_numpy_to_dense_tensor

SHARDS = [sizes, small, text, alike, magics, empty]


def main(folder, seed):
    os.makedirs(folder, exist_ok=True)
    for make in SHARDS:
        records = make(random.Random(f"{seed} {make.__name__}"))
        path = os.path.join(folder, f"{make.__name__}.rec")
        with open(path, "wb") as file:
            for record in records:
                _write_recordio(file, record)
        describe(path, records)

    # Their own reader determines the expected contents.
    tensors = io.BytesIO()
    numbers = np.random.default_rng(seed)
    write_numpy_to_dense_tensor(tensors, numbers.random((500, 13), dtype=np.float32), numbers.random(500))
    path = os.path.join(folder, "tensors.rec")
    with open(path, "wb") as file:
        file.write(tensors.getvalue())
    tensors.seek(0)
    describe(path, list(read_recordio(tensors)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
