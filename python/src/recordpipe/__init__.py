"""Reads TFRecord and RecordIO files as pyarrow batches, through the recordpipe command line.

>>> import recordpipe
>>> for batch in recordpipe.read("data/*.tfrecord", columns=["label"]):  # doctest: +SKIP
...     print(batch.num_rows)
"""

from ._arrays import to_numpy
from ._batches import Batches
from ._command import find_command
from ._errors import CommandNotFoundError, DataError, RecordpipeError, UsageError
from ._reader import Reader, infer_columns, read, read_pandas
from ._reports import FileReport, Finding, ValidateReport, count, list_files, schema, stats, validate

__all__ = [
    "Batches",
    "CommandNotFoundError",
    "DataError",
    "FileReport",
    "Finding",
    "Reader",
    "RecordpipeError",
    "UsageError",
    "ValidateReport",
    "count",
    "find_command",
    "infer_columns",
    "list_files",
    "read",
    "read_pandas",
    "schema",
    "stats",
    "to_numpy",
    "validate",
]
__version__ = "0.1.0"
