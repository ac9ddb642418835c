from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import recordpipe
from recordpipe._arrays import rebatched


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.record_batch(list(columns.values()), names=list(columns))


def test_numbers_become_vectors_and_lists_matrices() -> None:
    arrays = recordpipe.to_numpy(
        batch(label=pa.array([1, 2], pa.int64()), embedding=pa.array([[1, 2, 3], [4, 5, 6]], pa.list_(pa.float32())))
    )
    assert arrays["label"].dtype == np.int64
    assert arrays["label"].tolist() == [1, 2]
    assert arrays["embedding"].dtype == np.float32
    assert arrays["embedding"].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_bytes_and_text_become_objects() -> None:
    arrays = recordpipe.to_numpy(batch(image=[b"\x00", None], name=["a", "b"], words=[["x"], ["y"]]))
    assert arrays["image"].tolist() == [b"\x00", None]
    assert arrays["name"].tolist() == ["a", "b"]
    assert arrays["words"].shape == (2, 1)


def test_missing_numbers_are_filled_or_an_error() -> None:
    column = pa.array([1, None], pa.int64())
    assert recordpipe.to_numpy(batch(age=column), fill={"age": -1})["age"].tolist() == [1, -1]
    with pytest.raises(ValueError, match=r"'age' has missing values: pass fill=\{'age': VALUE\}"):
        recordpipe.to_numpy(batch(age=column))


@pytest.mark.parametrize("lists", [[[1], [2, 3]], [[1], None], [[1], []]])
def test_ragged_lists_are_named_or_an_error(lists: Any) -> None:
    column = pa.array(lists, pa.list_(pa.int64()))
    with pytest.raises(ValueError, match=r"'tags' has .* lists|'tags' has lists.*: pass ragged=\['tags'\]"):
        recordpipe.to_numpy(batch(tags=column))
    arrays = recordpipe.to_numpy(batch(tags=column), ragged=["tags"])
    assert [None if tags is None else tags.tolist() for tags in arrays["tags"]] == lists


def test_lists_of_lists_are_python_lists() -> None:
    lists = [[[1], [2, 3]], [[], None]]
    column = pa.array(lists, pa.list_(pa.list_(pa.int64())))
    assert recordpipe.to_numpy(batch(frames=column), ragged=["frames"])["frames"].tolist() == lists


def test_slices_have_the_values_of_their_rows() -> None:
    whole = batch(
        label=pa.array([1, 2, 3, 4], pa.int64()),
        pair=pa.array([[1, 2], [3, 4], [5, 6], [7, 8]], pa.list_(pa.int64())),
        tags=pa.array([[1], [2, 2], None, [3]], pa.list_(pa.int64())),
    )
    arrays = recordpipe.to_numpy(whole.slice(1, 2), ragged=["tags"])
    assert arrays["label"].tolist() == [2, 3]
    assert arrays["pair"].tolist() == [[3, 4], [5, 6]]
    assert arrays["tags"][0].tolist() == [2, 2] and arrays["tags"][1] is None


@pytest.mark.parametrize("sizes", [[10], [3, 4, 3], [1] * 10, [0, 7, 0, 3], []])
@pytest.mark.parametrize("rows", [1, 3, 4, 10, 11])
def test_batches_are_cut_to_size(sizes: list[int], rows: int) -> None:
    total, batches = sum(sizes), []
    for size in sizes:
        start = sum(one.num_rows for one in batches)
        batches.append(batch(id=pa.array(range(start, start + size), pa.int64())))
    found = [table.column("id").to_pylist() for table in rebatched(batches, rows, False)]
    assert [one for ids in found for one in ids] == list(range(total))
    assert all(len(ids) == rows for ids in found[:-1])
    complete = [table.num_rows for table in rebatched(batches, rows, True)]
    assert complete == [rows] * (total // rows)


def test_an_empty_batch_has_empty_arrays() -> None:
    arrays = recordpipe.to_numpy(batch(id=pa.array([], pa.int64()), pair=pa.array([], pa.list_(pa.int64()))))
    assert arrays["id"].shape == (0,) and arrays["pair"].shape == (0, 0)
