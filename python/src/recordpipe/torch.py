"""Records as a dataset of PyTorch."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Optional

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from ._batches import Batches
from ._command import Paths

__all__ = ["Records"]


class Records(IterableDataset):  # type: ignore[misc]
    """Reads records in the worker processes of a DataLoader, each record exactly once.

    The workers of all ranks share the files; if there are fewer files than workers, they share
    ranges of records. Numbers become tensors, lists of numbers tensors with one row per record, and
    bytes, text and `ragged` columns lists.

    Args:
        paths: the same as those of `recordpipe.read`
        batch_size: number of records per element, for ``DataLoader(batch_size=None)``, which is much
            faster than batches of single records. Default: elements are single records
        rank, world_size: number of this process, from 0, and of all processes of a distributed job.
            Default: those of torch.distributed if it is initialized, otherwise one process
        arguments: the others of `recordpipe.Batches`: columns, where, share_by, shuffle_files, seed,
            drop_last, schema, fill, ragged, skip_errors, options

    Raises:
        RecordpipeError: a file is damaged or cannot be read
    """

    def __init__(
        self,
        paths: Paths,
        *,
        batch_size: Optional[int] = None,
        rank: Optional[int] = None,
        world_size: Optional[int] = None,
        **arguments: Any,
    ) -> None:
        super().__init__()
        if (rank is None) != (world_size is None):
            raise ValueError("pass both rank and world_size, or neither")
        if rank is None or world_size is None:
            rank, world_size = _distributed()
        self._rank, self._world_size = rank, world_size
        self._single = batch_size is None
        # Without batches, the number of rows to convert at once.
        self._batches = Batches(paths, batch_size=batch_size or 1024, share=(rank, world_size), **arguments)
        # In shared memory, because workers that persist keep a copy of this object.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._pending = 0

    def set_epoch(self, epoch: int) -> None:
        """Sets the number of the next epoch, which determines the order of the files."""
        self._epoch.fill_(epoch)

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        self._use_worker()
        self._pending = 0
        for arrays in self._batches:
            tensors = {name: _tensor(array) for name, array in arrays.items()}
            if not self._single:
                yield tensors
                continue
            rows = len(next(iter(tensors.values()), ()))
            for row in range(rows):
                self._pending = rows - row - 1
                yield {name: values[row] for name, values in tensors.items()}

    def state_dict(self) -> Dict[str, Any]:
        """Returns the position of this worker, for torchdata's StatefulDataLoader."""
        state = self._batches.state_dict()
        return {**state, "rows": state["rows"] - self._pending}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues at a position of this worker.

        Raises:
            RecordpipeError: ``not-resumable`` if files, arguments or the number of workers differ
        """
        self._use_worker()
        self._batches.load_state_dict(state)
        self._epoch.fill_(state["epoch"])

    def _use_worker(self) -> None:
        """Takes the share of this process among the workers of all ranks."""
        worker = get_worker_info()
        index, number = (0, 1) if worker is None else (worker.id, worker.num_workers)
        self._batches.share = (self._rank * number + index, self._world_size * number)
        self._batches.set_epoch(int(self._epoch.item()))


def _distributed() -> tuple[int, int]:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def _tensor(array: "np.ndarray[Any, Any]") -> Any:
    if array.dtype != object:
        # The memory of a batch is read-only, which tensors cannot express.
        return torch.from_numpy(np.array(array))
    return [_tensor(one) if isinstance(one, np.ndarray) else one for one in array]
