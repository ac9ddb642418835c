"""Batches for training: shared by workers, shuffled by file, resumable."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from typing import Any, Collection, Iterator, Mapping, Optional, Sequence

from ._arrays import Arrays, rebatched, to_numpy
from ._command import Paths
from ._errors import RecordpipeError, UsageError
from ._reader import Schema, infer_columns, read
from ._reports import count, list_files

_STATE = "recordpipeBatches"


@dataclass(frozen=True)
class Part:
    """Records of some files that are read as one stream: ``limit`` of them, after ``skip``."""

    files: list[str]
    skip: int = 0
    limit: Optional[int] = None


class Batches:
    """Iterates over batches of records as dicts of NumPy arrays.

    Each iteration is one epoch. With ``share=(index, number)``, the iterations of all shares yield
    every record exactly once. The columns are determined once, when the object is created, so that
    they are the same in all shares and epochs.

    Args:
        paths: the same as those of `read`
        batch_size: number of records per batch
        columns: names of the features to read. Default: all
        where: predicate that selects records
        share: number of this share, from 0, and the number of shares
        share_by: ``files`` gives whole files to each share. ``records`` gives equal numbers of
            consecutive records, before `where`, and counts the records of all files. Default: ``files`` if there are at least as many files as shares
        shuffle_files: whether each epoch reads the files in another order
        seed: seed of that order; all shares need the same
        drop_last: whether to omit a last batch with fewer records
        schema: result of `infer_columns`, or the path of such a file. Default: inferred, which reads
            all records once
        fill: values for missing numbers, by column
        ragged: columns whose lists have different lengths
        skip_errors: number of damaged records to skip
        options: further options of all commands, for example ``["--endpoint-url", URL]``

    Raises:
        ValueError: an argument is invalid, or, while iterating, see `to_numpy`
        RecordpipeError: a file is damaged or cannot be read
    """

    def __init__(
        self,
        paths: Paths,
        *,
        batch_size: int,
        columns: Optional[Sequence[str]] = None,
        where: Optional[str] = None,
        share: tuple[int, int] = (0, 1),
        share_by: Optional[str] = None,
        shuffle_files: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        schema: Optional[Schema] = None,
        fill: Optional[Mapping[str, Any]] = None,
        ragged: Collection[str] = (),
        skip_errors: Optional[int] = None,
        options: Sequence[str] = (),
    ) -> None:
        index, number = share
        if batch_size < 1 or not 0 <= index < number or share_by not in (None, "files", "records"):
            raise UsageError(
                f"expected batch_size >= 1, 0 <= share[0] < share[1], and share_by 'files' or 'records', "
                f"got {batch_size}, {share}, {share_by!r}",
                code="invalid-argument",
            )
        self.batch_size = batch_size
        self.share = share
        self.share_by = share_by
        self.shuffle_files = shuffle_files
        self.seed = seed
        self.epoch = 0
        self.drop_last = drop_last
        self.fill = dict(fill or {})
        self.ragged = frozenset(ragged)
        if schema is None:
            schema = infer_columns(paths, skip_errors=skip_errors, options=options)
        self.schema = schema
        self._files = list_files(paths, options=options)
        self._counts: Optional[dict[str, int]] = None
        self._reading: dict[str, Any] = {
            "columns": columns,
            "where": where,
            "skip_errors": skip_errors,
            "options": options,
        }
        self._drops_rows = where is not None or skip_errors is not None
        self._rows = 0
        self._resumed = 0

    @property
    def files(self) -> list[str]:
        """The files, in the order of the next epoch."""
        files = self._files.copy()
        if self.shuffle_files:
            random.Random(f"{self.seed} {self.epoch}").shuffle(files)
        return files

    def part(self) -> Optional[Part]:
        """Returns what the next epoch of this share reads; None if the share is empty."""
        files = self.files
        index, number = self.share
        if self.share_by == "files" or (self.share_by is None and len(files) >= number):
            mine = files[index::number]
            return Part(mine) if mine else None
        if self._counts is None:
            self._counts = count(self._files, options=self._reading["options"])
        counts = self._counts
        total = sum(counts.values())
        start, end = total * index // number, total * (index + 1) // number
        mine, skip, at = [], 0, 0
        for file in files:
            if at < end and at + counts[file] > start:
                skip = skip if mine else start - at
                mine.append(file)
            at += counts[file]
        return Part(mine, skip, end - start) if mine else None

    def set_epoch(self, epoch: int) -> None:
        """Sets the number of the next epoch, which determines the order of the files."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Arrays]:
        rows, self._resumed = self._resumed, 0
        self._rows = rows
        part = self.part()
        if part is None:
            return
        for table in rebatched(self._records(part, rows), self.batch_size, self.drop_last):
            # Counted first, because a consumer takes the state while it has the batch.
            self._rows += table.num_rows
            yield to_numpy(table, fill=self.fill, ragged=self.ragged)

    def _records(self, part: Part, rows: int) -> Iterator[Any]:
        """Yields the batches of a part after the first ``rows`` rows."""
        skip, limit, drop = part.skip, part.limit, rows
        if not self._drops_rows:
            # Rows are records, which recordpipe skips without decoding them.
            skip, limit, drop = skip + rows, None if limit is None else limit - rows, 0
            if limit == 0:
                return
        with read(part.files, schema=self.schema, skip=skip, limit=limit, **self._reading) as reader:
            for batch in reader:
                if drop < batch.num_rows:
                    yield batch.slice(drop)
                drop = max(0, drop - batch.num_rows)

    def state_dict(self) -> dict[str, Any]:
        """Returns the position after the last batch that the iteration yielded, as plain JSON."""
        return {_STATE: 1, "epoch": self.epoch, "rows": self._rows, "data": self._fingerprint()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues at a position: the next iteration yields the rest of its epoch.

        Raises:
            RecordpipeError: ``not-resumable`` if the files, or the arguments that determine the
                order of records, differ
        """
        if state.get(_STATE) != 1:
            raise RecordpipeError("the state is not one of recordpipe.Batches", code="malformed-state")
        if state["data"] != self._fingerprint():
            raise RecordpipeError(
                "the files, the share, the seed or the columns differ from those of the state",
                code="not-resumable",
                next_step="pass the same arguments; to read other data, start a new epoch",
            )
        self.epoch, self._rows = state["epoch"], state["rows"]
        self._resumed = self._rows

    def _fingerprint(self) -> str:
        """Returns a hash of what determines the records of each epoch and their order."""
        where, skips = self._reading["where"], self._reading["skip_errors"]
        order = [self._files, self.share, self.share_by, self.shuffle_files, self.seed, where, skips]
        return hashlib.sha256(json.dumps(order).encode()).hexdigest()[:16]
