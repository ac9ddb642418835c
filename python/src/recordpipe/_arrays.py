"""Batches of pyarrow as arrays of NumPy."""

from __future__ import annotations

import json
from typing import Any, Collection, Dict, Iterable, Iterator, Mapping, Optional, Union

import numpy as np
import pyarrow as pa

Arrays = Dict[str, np.ndarray[Any, Any]]


def to_numpy(
    batch: Union["pa.RecordBatch", "pa.Table"],
    *,
    fill: Optional[Mapping[str, Any]] = None,
    ragged: Collection[str] = (),
) -> Arrays:
    """Returns the columns of a batch as arrays whose first dimension is the rows.

    Numbers become one-dimensional arrays; they may share the read-only memory of the batch. Lists of
    numbers become two-dimensional arrays. Bytes and text become arrays of objects.

    Args:
        fill: values for missing numbers, by column
        ragged: columns whose lists have different lengths or may be missing. They become arrays of
            objects: an array, or None, per row

    Raises:
        ValueError: a column has missing values or lists of different lengths that neither `fill` nor
            `ragged` names
    """
    fill = fill or {}
    return {
        name: _array(name, column, fill.get(name), name in ragged)
        for name, column in zip(batch.schema.names, batch.columns)
    }


def _array(name: str, column: Any, fill: Any, ragged: bool) -> np.ndarray[Any, Any]:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if _is_list(column.type):
        return _lists(column) if ragged else _stacked(name, column)
    if column.null_count > 0 and fill is not None:
        column = column.fill_null(fill)
    if not pa.types.is_primitive(column.type):
        return _objects(column.to_pylist())
    if column.null_count > 0:
        raise ValueError(
            f"column {name!r} has missing values: pass fill={{{name!r}: VALUE}}, "
            f"or select records that have it with where={f'has({json.dumps(name)})'!r}"
        )
    return _values(column)


def _stacked(name: str, column: Any) -> np.ndarray[Any, Any]:
    lengths = np.diff(column.offsets.to_numpy())
    if column.null_count > 0 or (len(lengths) > 0 and lengths.min() != lengths.max()):
        what = "missing lists" if column.null_count > 0 else "lists of different lengths"
        raise ValueError(f"column {name!r} has {what}: pass ragged=[{name!r}]")
    items = column.flatten()
    if _is_list(items.type):
        raise ValueError(f"column {name!r} has lists of lists: pass ragged=[{name!r}]")
    values = _values(items) if pa.types.is_primitive(items.type) else _objects(items.to_pylist())
    return values.reshape(len(lengths), int(lengths[0]) if len(lengths) > 0 else 0)


def _lists(column: Any) -> np.ndarray[Any, Any]:
    """Returns one array per list, as views of the items where that is possible."""
    items = column.values
    if _is_list(items.type):
        return _objects(column.to_pylist())
    values = _values(items) if pa.types.is_primitive(items.type) else _objects(items.to_pylist())
    offsets = column.offsets.to_pylist()
    present = column.is_valid().to_pylist()
    return _objects(
        [values[offsets[i] : offsets[i + 1]] if present[i] else None for i in range(len(column))]
    )


def _values(column: Any) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = column.to_numpy(zero_copy_only=False)
    return array


def _objects(values: list[Any]) -> np.ndarray[Any, Any]:
    # np.array would turn lists of equal lengths into another dimension.
    array = np.empty(len(values), dtype=object)
    array[:] = values if values else []
    return array


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def rebatched(batches: Iterable["pa.RecordBatch"], rows: int, drop_last: bool) -> Iterator["pa.Table"]:
    """Cuts and joins batches into tables of ``rows`` rows; the last one may be smaller."""
    parts: list[Any] = []
    missing = rows
    for batch in batches:
        start = 0
        while batch.num_rows - start >= missing:
            parts.append(batch.slice(start, missing))
            yield pa.Table.from_batches(parts)
            start += missing
            parts, missing = [], rows
        if start < batch.num_rows:
            parts.append(batch.slice(start))
            missing -= batch.num_rows - start
    if parts and not drop_last:
        yield pa.Table.from_batches(parts)
