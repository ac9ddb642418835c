"""The package with the command line itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import recordpipe


def ids_of(batches: Any) -> list[int]:
    return [one for batch in batches for one in batch["id"].tolist()]


def test_read_returns_all_values(cli: str, shards: Any) -> None:
    paths = shards(3, 2, score=lambda i: i / 2, name=lambda i: f"n{i}", image=lambda i: b"\xff", tags=lambda i: [i] * i)
    table = recordpipe.read(paths).read_all()
    assert table.column("id").to_pylist() == [0, 1, 2, 3, 4]
    assert table.column("score").to_pylist() == [0, 0.5, 1, 1.5, 2]
    assert table.column("name").to_pylist() == ["n0", "n1", "n2", "n3", "n4"]
    assert table.column("image").to_pylist() == [b"\xff"] * 5
    assert table.column("tags").to_pylist() == [[], [1], [2, 2], [3, 3, 3], [4, 4, 4, 4]]


def test_columns_where_skip_and_limit(cli: str, shards: Any) -> None:
    paths = shards(5, 5, score=lambda i: i / 2)
    schema = recordpipe.infer_columns(paths)
    table = recordpipe.read(paths, columns=["id"], where="score >= 2.0", schema=schema).read_all()
    assert table.to_pydict() == {"id": [4, 5, 6, 7, 8, 9]}
    assert recordpipe.read(paths, skip=3, limit=4).read_all().column("id").to_pylist() == [3, 4, 5, 6]


def test_an_invalid_filter_is_an_error_and_an_unknown_feature_a_warning(cli: str, shards: Any) -> None:
    paths = shards(4, label=lambda i: i)
    schema = recordpipe.infer_columns(paths)
    with pytest.raises(recordpipe.UsageError, match="^invalid-argument: where: .*write =="):
        list(recordpipe.read(paths, where="label = 3", schema=schema))
    with pytest.warns(RuntimeWarning, match='^where: no record has a feature "lable"; did you mean "label"'):
        assert recordpipe.read(paths, where="lable == 3", schema=schema).read_all().num_rows == 0


def test_read_pandas(cli: str, shards: Any) -> None:
    pytest.importorskip("pandas")
    frame = recordpipe.read_pandas(shards(4, label=lambda i: i % 2))
    assert frame.groupby("label")["id"].sum().to_dict() == {0: 2, 1: 4}


def test_damage_is_an_error_after_the_valid_records(cli: str, shards: Any) -> None:
    (path,) = shards(10)
    data = bytearray(Path(path).read_bytes())
    size = len(data) // 10
    data[7 * size + 14] ^= 1
    schema = recordpipe.infer_columns(path)
    Path(path).write_bytes(data)
    found: list[int] = []
    with pytest.raises(recordpipe.DataError) as caught:
        for batch in recordpipe.read(path, schema=schema, batch_rows=2):
            found += batch.column("id").to_pylist()
    error = caught.value
    assert (error.code, error.uri, error.record, error.offset) == ("data-checksum", path, 7, 7 * size)
    assert found == list(range(7))

    with pytest.warns(RuntimeWarning, match=r"^skipped: data-checksum: .*record 7 "):
        assert recordpipe.read(path, schema=schema, skip_errors=1).read_all().num_rows == 9

    report = recordpipe.validate(path)
    assert not report.ok
    assert (report.records, report.files[0].error_count) == (9, 1)
    assert [(one.code, one.record) for one in report.errors] == [("data-checksum", 7)]
    with pytest.raises(recordpipe.DataError, match="data-checksum"):
        report.raise_for_errors()


def test_reports(cli: str, shards: Any) -> None:
    paths = shards(3, 4)
    folder = str(Path(paths[0]).parent)
    report = recordpipe.validate(folder)
    assert (report.ok, report.records, len(report.files), report.errors) == (True, 7, 2, [])
    report.raise_for_errors()
    assert recordpipe.count(folder) == dict(zip(paths, [3, 4]))
    assert recordpipe.list_files(folder) == paths
    assert recordpipe.stats(folder)["records"] == 7
    assert "id" in str(recordpipe.schema(folder))
    missing = recordpipe.validate(f"{folder}/nothing.tfrecord")
    assert missing.files[0].unreadable and missing.errors[0].code == "not-found"
    with pytest.raises(recordpipe.RecordpipeError) as caught:
        recordpipe.count(f"{folder}/nothing.tfrecord")
    assert caught.value.code == "not-found"
    with pytest.raises(recordpipe.UsageError, match="--jobs"):
        recordpipe.count(folder, jobs=0)


@pytest.mark.parametrize("sizes", [[10], [1, 2, 3, 4, 5, 6, 7], [0, 5, 0]])
@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("share_by", [None, "records"])
def test_shares_see_every_record_once(cli: str, shards: Any, sizes: Any, number: int, share_by: Any) -> None:
    paths = shards(*sizes)
    schema = recordpipe.infer_columns(paths)
    found = []
    for index in range(number):
        share = (index, number)
        batches = recordpipe.Batches(paths, batch_size=4, share=share, share_by=share_by, schema=schema)
        found.append(ids_of(batches))
    assert sorted(sum(found, [])) == list(range(sum(sizes)))
    if share_by == "records":
        assert max(map(len, found)) - min(map(len, found)) <= 1


def test_the_order_of_files_depends_on_seed_and_epoch(cli: str, shards: Any) -> None:
    paths = shards(*[2] * 6)
    batches = recordpipe.Batches(paths, batch_size=4, shuffle_files=True, seed=1)
    orders = []
    for epoch in (0, 1, 0):
        batches.set_epoch(epoch)
        orders.append(ids_of(batches))
    assert orders[0] == orders[2] != orders[1]
    assert all(sorted(order) == list(range(12)) for order in orders)


@pytest.mark.parametrize("where", [None, "id != 5"])
def test_a_state_continues_after_the_last_batch(cli: str, shards: Any, where: Any) -> None:
    arguments = dict(batch_size=3, shuffle_files=True, seed=3, share=(0, 2), share_by="records", where=where)
    paths = shards(6, 5, 9)
    schema = recordpipe.infer_columns(paths)
    batches = recordpipe.Batches(paths, schema=schema, **arguments)
    batches.set_epoch(4)
    whole = ids_of(batches)
    for stop in range(4):
        batches.set_epoch(4)
        found, iterator = [], iter(batches)
        for _ in range(stop):
            found += next(iterator)["id"].tolist()
        state = batches.state_dict() if stop > 0 else {**batches.state_dict(), "rows": 0}
        resumed = recordpipe.Batches(paths, schema=schema, **arguments)
        resumed.load_state_dict(state)
        assert found + ids_of(resumed) == whole
        # The epoch after it is a whole one.
        assert ids_of(resumed) == whole


def test_a_state_of_other_data_is_an_error(cli: str, shards: Any) -> None:
    paths = shards(6, 5)
    schema = recordpipe.infer_columns(paths)
    state = recordpipe.Batches(paths, batch_size=3, schema=schema).state_dict()
    for other in (dict(paths=paths[:1]), dict(seed=1, paths=paths), dict(share=(0, 2), paths=paths)):
        with pytest.raises(recordpipe.RecordpipeError) as caught:
            recordpipe.Batches(batch_size=3, schema=schema, **other).load_state_dict(state)
        assert caught.value.code == "not-resumable"
    with pytest.raises(recordpipe.RecordpipeError, match="malformed-state"):
        recordpipe.Batches(paths, batch_size=3, schema=schema).load_state_dict({})
