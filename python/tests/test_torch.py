from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader  # noqa: E402

import recordpipe  # noqa: E402
from recordpipe.torch import Records  # noqa: E402


def ids_of(loader: Any) -> list[int]:
    return [one for batch in loader for one in batch["id"].tolist()]


@pytest.mark.parametrize("sizes", [[10], [7, 6], [1, 2, 3, 4, 5, 6, 7]])
@pytest.mark.parametrize("share_by", [None, "records"])
def test_workers_and_ranks_see_every_record_once(cli: str, shards: Any, sizes: Any, share_by: Any) -> None:
    paths = shards(*sizes)
    schema = recordpipe.infer_columns(paths)
    for world_size in (1, 2):
        for workers in (0, 2):
            found = []
            for rank in range(world_size):
                records = Records(
                    paths, batch_size=3, rank=rank, world_size=world_size, share_by=share_by, schema=schema
                )
                found += ids_of(DataLoader(records, batch_size=None, num_workers=workers))
            assert sorted(found) == list(range(sum(sizes))), (world_size, workers)


def test_single_records_collate(cli: str, shards: Any) -> None:
    paths = shards(7, score=lambda i: i / 2, pair=lambda i: [i, -i], name=lambda i: f"n{i}")
    batches = list(DataLoader(Records(paths), batch_size=4))
    assert [len(batch["id"]) for batch in batches] == [4, 3]
    assert batches[1]["pair"].tolist() == [[4, -4], [5, -5], [6, -6]]
    assert batches[0]["score"].dtype == torch.float32
    assert batches[0]["name"] == ["n0", "n1", "n2", "n3"]


def test_ragged_columns_are_lists_of_tensors(cli: str, shards: Any) -> None:
    paths = shards(3, tags=lambda i: [i] * i, image=lambda i: b"\xff")
    (batch,) = Records(paths, batch_size=3, ragged=["tags"])
    assert [tags.tolist() for tags in batch["tags"]] == [[], [1], [2, 2]]
    assert batch["image"] == [b"\xff"] * 3


@pytest.mark.parametrize("persistent", [False, True])
def test_epochs_reach_the_workers(cli: str, shards: Any, persistent: bool) -> None:
    paths = shards(*[2] * 8)
    records = Records(paths, batch_size=2, shuffle_files=True, schema=recordpipe.infer_columns(paths))
    loader = DataLoader(records, batch_size=None, num_workers=2, persistent_workers=persistent)
    orders = []
    for epoch in (0, 1, 0):
        records.set_epoch(epoch)
        orders.append(ids_of(loader))
    assert orders[0] == orders[2] != orders[1]
    assert all(sorted(order) == list(range(16)) for order in orders)


def test_the_error_of_a_worker_keeps_its_code(cli: str, shards: Any) -> None:
    (path,) = shards(10)
    schema = recordpipe.infer_columns(path)
    data = bytearray(Path(path).read_bytes())
    data[-1] ^= 1
    Path(path).write_bytes(data)
    loader = DataLoader(Records(path, batch_size=2, schema=schema), batch_size=None, num_workers=1)
    with pytest.raises(recordpipe.DataError) as caught:
        list(loader)
    assert (caught.value.code, caught.value.record, caught.value.uri) == ("data-checksum", 9, path)


@pytest.mark.parametrize("batch_size", [3, None])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_stateful_loader_resumes(cli: str, shards: Any, batch_size: Any, workers: int) -> None:
    loaders = pytest.importorskip("torchdata.stateful_dataloader")
    paths = shards(11, 10, 9, 12)

    def loader() -> Any:
        records = Records(paths, batch_size=batch_size, shuffle_files=True, seed=5)
        return loaders.StatefulDataLoader(
            records, batch_size=None if batch_size else 3, num_workers=workers, snapshot_every_n_steps=1
        )

    whole = ids_of(loader())
    first = loader()
    iterator, found = iter(first), []
    for _ in range(4):
        found += next(iterator)["id"].tolist()
    state = first.state_dict()
    del iterator
    resumed = loader()
    resumed.load_state_dict(state)
    assert found + ids_of(resumed) == whole
    assert sorted(whole) == list(range(42))
