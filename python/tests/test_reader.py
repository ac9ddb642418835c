from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from typing import Any

import pyarrow as pa
import pytest

import recordpipe

DAMAGE = {
    "code": "data-checksum",
    "uri": "x.tfrecord",
    "record": 7,
    "offset": 700,
    "message": "payload (4 bytes) is corrupt (record 7 at byte 700 of x.tfrecord)",
    "next": "download the file again",
}


def is_running(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.01)
    return True


def test_read_yields_record_batches(stand_in: Any) -> None:
    batches = list(recordpipe.read(stand_in(batches=[[1, 2], [3]])))
    assert all(isinstance(batch, pa.RecordBatch) for batch in batches)
    assert [batch.column("id").to_pylist() for batch in batches] == [[1, 2], [3]]


def test_schema_is_known_before_the_first_batch(stand_in: Any) -> None:
    with recordpipe.read(stand_in(batches=[[1]])) as reader:
        assert reader.schema.names == ["id"]
        assert reader.read_all().num_rows == 1


def test_no_records_are_no_batches(stand_in: Any) -> None:
    reader = recordpipe.read(stand_in())
    assert list(reader) == []
    assert list(reader) == []


def test_arguments_become_options(stand_in: Any, seen: Any) -> None:
    path = stand_in()
    list(
        recordpipe.read(
            [path],
            columns=["a", "b/*"],
            where="a > 1",
            batch_rows=10,
            skip=3,
            limit=4,
            skip_errors=5,
            schema="schema.json",
            format="tfrecord",
            options=["--profile", "me"],
        )
    )
    assert seen()["arguments"] == [
        *["convert", path, "-", "--to", "arrow", "--no-progress", "--profile", "me", "--columns", "a,b/*"],
        *["--where", "a > 1", "--batch-rows", "10", "--skip", "3", "--records", "4"],
        *["--skip-errors", "5", "--format", "tfrecord", "--schema", "schema.json"],
    ]


def test_a_schema_is_passed_as_a_file_that_is_removed(stand_in: Any, seen: Any) -> None:
    with recordpipe.read(stand_in(batches=[[1]]), schema={"version": 1}) as reader:
        next(reader)
        path = seen()["arguments"][-1]
        with open(path) as file:
            assert json.load(file) == {"version": 1}
    assert not os.path.exists(path)


@pytest.mark.parametrize("end", ["cut", "late error"])
def test_an_error_follows_the_valid_batches(stand_in: Any, end: str) -> None:
    path = stand_in(batches=[[1], [2]], end=end, code=1, stderr=["a warning", json.dumps({"error": DAMAGE})])
    reader = recordpipe.read(path)
    assert [next(reader).num_rows, next(reader).num_rows] == [1, 1]
    # A loop that tries again must not take the error for the end.
    for _ in range(2):
        with pytest.raises(recordpipe.DataError) as caught:
            next(reader)
    error = caught.value
    assert (error.code, error.uri, error.record, error.offset) == ("data-checksum", "x.tfrecord", 7, 700)
    assert error.next_step == "download the file again"
    assert str(error).startswith("data-checksum: payload (4 bytes) is corrupt")


@pytest.mark.parametrize(
    ("plan", "kind", "code"),
    [
        ({"end": "at once", "code": 2, "stderr": ["error: unknown option"]}, recordpipe.UsageError, "invalid-argument"),
        ({"end": "at once", "code": 3, "stderr": ["no space"]}, recordpipe.RecordpipeError, "process-failed"),
        ({"end": "at once"}, recordpipe.RecordpipeError, "io-failure"),
        ({"end": "cut", "batches": [[1]]}, recordpipe.RecordpipeError, "io-failure"),
        ({"end": "garbage", "batches": [[1]]}, recordpipe.RecordpipeError, "io-failure"),
        ({"end": "killed", "batches": [[1]]}, recordpipe.RecordpipeError, "process-failed"),
    ],
)
def test_every_incomplete_stream_is_an_error(stand_in: Any, plan: Any, kind: Any, code: str) -> None:
    with pytest.raises(kind) as caught:
        list(recordpipe.read(stand_in(**plan)))
    assert caught.value.code == code


def test_leaving_the_block_ends_the_process(stand_in: Any, seen: Any) -> None:
    with recordpipe.read(stand_in(batches=[[1]], end="hang")) as reader:
        next(reader)
    assert not is_running(seen()["pid"])
    assert list(reader) == []


def test_an_abandoned_iterator_ends_the_process(stand_in: Any, seen: Any) -> None:
    reader = recordpipe.read(stand_in(batches=[[1]], end="hang"))
    next(reader)
    del reader
    gc.collect()
    assert not is_running(seen()["pid"])


def test_the_end_of_python_ends_the_process(stand_in: Any, seen: Any) -> None:
    path = stand_in(batches=[[1]], end="hang")
    code = f"import recordpipe; reader = recordpipe.read({path!r}); next(reader)"
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(recordpipe.__file__))}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=environment)
    assert not is_running(seen()["pid"])


def test_a_forked_process_leaves_the_process_of_its_parent(stand_in: Any, seen: Any) -> None:
    reader = recordpipe.read(stand_in(batches=[[1], [2]], end="hang"), schema={})
    next(reader)
    child = os.fork()
    if child == 0:
        reader.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert next(reader).num_rows == 1
    reader.close()
    assert not is_running(seen()["pid"])


def test_much_on_stderr_does_not_block(stand_in: Any) -> None:
    assert list(recordpipe.read(stand_in(batches=[[1]], stderr=["x" * 1000] * 1000)))


def test_paths_are_not_options(stand_in: Any, seen: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    stand_in("-n")
    list(recordpipe.read("-n"))
    assert seen()["arguments"][1] == "./-n"
    with pytest.raises(recordpipe.UsageError):
        recordpipe.read([])
