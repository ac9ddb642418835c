"""Records as batches of pyarrow."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, Mapping, Optional, Sequence, Union

import pyarrow as pa

from ._command import Paths, Process, paths_of
from ._errors import RecordpipeError, UsageError

Schema = Union[str, "os.PathLike[str]", Mapping[str, Any]]


class Reader(Iterator["pa.RecordBatch"]):
    """Iterates over the batches that a process of recordpipe writes.

    Valid records before damage are delivered, then the error is raised. An iteration that ends
    without an error has delivered all records. `close`, the end of a ``with`` block and garbage
    collection end the process.
    """

    def __init__(self, process: Process, files: ExitStack) -> None:
        self._process = process
        self._bytes = _Bytes(process)
        self._end = weakref.finalize(self, files.close)
        self._stream: Any = None
        self._ended = False
        self._error: Optional[BaseException] = None

    @property
    def schema(self) -> "pa.Schema":
        """The columns. Waits until recordpipe has determined them."""
        return self._opened().schema

    def __iter__(self) -> "Reader":
        return self

    def __next__(self) -> "pa.RecordBatch":
        if self._error is not None:
            raise self._error
        if self._ended:
            raise StopIteration
        stream = self._opened()
        try:
            return stream.read_next_batch()
        except StopIteration:
            # A stream that was cut between two batches looks complete, except for its missing end.
            failure = self._process.failure()
            if failure is None and self._bytes.at_end:
                failure = RecordpipeError("the Arrow stream ends too early", code="io-failure")
            if failure is not None:
                raise self._failed(failure)
            self.close()
            raise
        except (pa.ArrowException, OSError) as error:
            raise self._failure(error) from error

    def read_all(self) -> "pa.Table":
        """Returns the remaining records as one table in memory."""
        schema = self.schema
        return pa.Table.from_batches(list(self), schema)

    def close(self) -> None:
        """Ends the process. Iterating again yields nothing."""
        self._ended = True
        self._process.close()
        self._end()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Any:
        if self._error is not None:
            raise self._error
        if self._stream is None:
            if self._ended:
                raise RecordpipeError("the reader is closed", code="closed")
            try:
                self._stream = pa.ipc.open_stream(self._bytes)
            except (pa.ArrowException, OSError, StopIteration) as error:
                raise self._failure(error) from error
        return self._stream

    def _failure(self, error: BaseException) -> BaseException:
        """Returns the error of the process, which explains why its output cannot be read."""
        failure = self._process.failure()
        text = f"recordpipe wrote no valid Arrow stream: {error}"
        return self._failed(failure or RecordpipeError(text, code="io-failure"))

    def _failed(self, failure: BaseException) -> BaseException:
        """Remembers an error, because an iteration that continues must not look complete."""
        self._error = failure
        self.close()
        return failure


class _Bytes:
    """The standard output of a process, as a file that knows whether its end was reached."""

    def __init__(self, process: Process) -> None:
        self._file = process.stdout
        self.at_end = False

    @property
    def closed(self) -> bool:
        return self._file.closed

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.at_end = len(data) < size
        return data

    def close(self) -> None:
        self._file.close()


@contextmanager
def schema_option(schema: Optional[Schema]) -> Iterator[list[str]]:
    """Yields the option that passes a schema to one process."""
    if not isinstance(schema, Mapping):
        yield [] if schema is None else ["--schema", os.fspath(schema)]
        return
    owner = os.getpid()
    handle, path = tempfile.mkstemp(prefix="recordpipe-schema-", suffix=".json")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(schema, file)
        yield ["--schema", path]
    finally:
        # A forked worker has a copy of the reader, but the file is not its own.
        if os.getpid() == owner:
            os.remove(path)


def read(
    paths: Paths,
    *,
    columns: Optional[Sequence[str]] = None,
    where: Optional[str] = None,
    batch_rows: Optional[int] = None,
    schema: Optional[Schema] = None,
    skip: int = 0,
    limit: Optional[int] = None,
    skip_errors: Optional[int] = None,
    format: Optional[str] = None,
    options: Sequence[str] = (),
) -> Reader:
    """Reads the records of files as batches of pyarrow.

    Args:
        paths: files, directories, glob patterns, ``s3://`` addresses and prefixes, ``@list`` files;
            one or several
        columns: names of the features to read; patterns such as ``image/*``. Default: all
        where: predicate, for example ``label == 3 && len(tags) > 0``
        batch_rows: number of rows per batch
        schema: result of `infer_columns`, or the path of such a file. Without it, all records are
            read twice: once to infer the columns
        skip: number of records to skip at the start, before `where`
        limit: number of records to read after those, before `where`
        skip_errors: number of damaged records to skip, each with a warning. Default: the first one is
            an error
        format: ``tfrecord``, ``recordio`` or ``textline``. Default: detected
        options: further options of ``recordpipe convert``, for example
            ``["--endpoint-url", "http://localhost:9000"]``

    Raises:
        RecordpipeError: while iterating, after the valid batches before the damage

    Example:
        >>> for batch in recordpipe.read("data/*.tfrecord", columns=["label"]):  # doctest: +SKIP
        ...     print(batch.num_rows)
    """
    files = paths_of(paths)
    if not files or limit == 0:
        raise UsageError("paths: no paths" if not files else "limit: 0", code="invalid-argument")
    arguments = ["convert", *files, "-", "--to", "arrow", "--no-progress", *options]
    if columns is not None:
        arguments += ["--columns", ",".join(columns)]
    for name, value in (
        ("--where", where),
        ("--batch-rows", batch_rows),
        ("--skip", skip or None),
        ("--records", limit),
        ("--skip-errors", skip_errors),
        ("--format", format),
    ):
        if value is not None:
            arguments += [name, str(value)]
    with ExitStack() as files_of_reader:
        arguments += files_of_reader.enter_context(schema_option(schema))
        return Reader(Process(arguments), files_of_reader.pop_all())


def infer_columns(
    paths: Paths,
    *,
    format: Optional[str] = None,
    skip_errors: Optional[int] = None,
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """Reads all records and returns the columns that represent them, as the `schema` of `read`.

    The result is plain JSON. Store it, so that later runs and other processes use the same columns.

    Raises:
        RecordpipeError: a file is damaged or cannot be read, or a feature has several types
    """
    arguments: dict[str, Any] = {"format": format, "skip_errors": skip_errors, "options": options}
    with read(paths, limit=1, **arguments) as reader:
        found: dict[str, Any] = json.loads(reader.schema.metadata[b"recordpipe"])
        return found


def read_pandas(paths: Paths, **arguments: Any) -> Any:
    """Reads the records of files into a pandas DataFrame. Takes the arguments of `read`."""
    with read(paths, **arguments) as reader:
        return reader.read_all().to_pandas()
