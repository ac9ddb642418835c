"""The recordio functions of the SageMaker SDK. Its output during the import goes to stderr."""

import contextlib
import os
import sys

os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")

with contextlib.redirect_stdout(sys.stderr):
    from sagemaker.amazon.common import (
        _write_recordio,
        read_recordio,
        read_records,
        write_numpy_to_dense_tensor,
        write_spmatrix_to_sparse_tensor,
    )

__all__ = [
    "_write_recordio",
    "read_recordio",
    "read_records",
    "write_numpy_to_dense_tensor",
    "write_spmatrix_to_sparse_tensor",
]
