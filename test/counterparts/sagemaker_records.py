"""Protobuf Records in RecordIO, written and read with the SageMaker SDK.

    sagemaker_records.py write OUT_DIR SEED
    sagemaker_records.py read FILE

`write` makes OUT_DIR/NAME.rec by write_numpy_to_dense_tensor and write_spmatrix_to_sparse_tensor, and prints a JSON line
for each: {"file", "records"}. `read` prints one for FILE. What read_records makes of a record: {"features", "label",
"texts", "deterministic"}, the last being the message written again. Bytes are hexadecimal, integers their digits,
floats the hexadecimal of their bits, or NaN.
"""

import json
import os
import struct
import sys

import numpy as np

from sagemaker_sdk import read_records, write_numpy_to_dense_tensor, write_spmatrix_to_sparse_tensor

DENSE = {"float32": np.float32, "float64": np.float64, "int32": np.int64}


def canonical(kind, value):
    if kind == "int32":
        return str(value)
    return "NaN" if value != value else struct.pack({"float32": ">f", "float64": ">d"}[kind], value).hex()


def canonical_value(value):
    field = value.WhichOneof("value")
    if field is None:
        return {"kind": "none"}
    found = getattr(value, field)
    if field == "bytes":
        content_type = {"contentType": found.content_type} if found.HasField("content_type") else {}
        return {"kind": "bytes", "values": [one.hex() for one in found.value], **content_type}
    kind = field.removesuffix("_tensor")
    return {
        "kind": kind,
        "values": [canonical(kind, one) for one in found.values],
        "keys": [str(key) for key in found.keys],
        "shape": [str(size) for size in found.shape],
    }


def canonical_record(record):
    texts = ["uid", "metadata", "configuration"]
    return {
        "features": {name: canonical_value(value) for name, value in record.features.items()},
        "label": {name: canonical_value(value) for name, value in record.label.items()},
        "texts": {name: getattr(record, name) for name in texts if record.HasField(name)},
        "deterministic": record.SerializeToString(deterministic=True).hex(),
    }


def read(path):
    with open(path, "rb") as file:
        records = [canonical_record(record) for record in read_records(file)]
    print(json.dumps({"file": os.path.basename(path), "records": records}), flush=True)


def array(numbers, kind, shape):
    if kind == "int32":
        return numbers.integers(-(2**31), 2**31, shape)
    return (numbers.standard_normal(shape) * 1e6).astype(DENSE[kind])


def write(folder, seed):
    from scipy import sparse

    os.makedirs(folder, exist_ok=True)
    numbers = np.random.default_rng(seed)
    for kind in DENSE:
        for labels in (None, *DENSE):
            label = None if labels is None else array(numbers, labels, 40)
            paths = [os.path.join(folder, f"{how}-{kind}-{labels}.rec") for how in ("dense", "sparse")]
            with open(paths[0], "wb") as file:
                write_numpy_to_dense_tensor(file, array(numbers, kind, (40, 13)), label)
            matrix = array(numbers, kind, (40, 1000)) * (numbers.random((40, 1000)) < 0.01)
            with open(paths[1], "wb") as file:
                write_spmatrix_to_sparse_tensor(file, sparse.csr_matrix(matrix), label)
            for path in paths:
                read(path)


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]))
    else:
        read(sys.argv[2])
