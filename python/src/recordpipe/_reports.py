"""Reports about record files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence

from ._command import Paths, paths_of, run
from ._errors import DataError, RecordpipeError
from ._reader import Schema, schema_option


@dataclass(frozen=True)
class Finding:
    """A problem in a file."""

    code: str
    message: str
    uri: Optional[str]
    record: Optional[int]
    offset: Optional[int]

    def error(self) -> RecordpipeError:
        """Returns the finding as an error to raise."""
        place = {"uri": self.uri, "record": self.record, "offset": self.offset}
        return DataError(self.message, code=self.code, **place)  # type: ignore[arg-type]


@dataclass(frozen=True)
class FileReport:
    """The result of checking one file. ``unreadable``: it could not be read to its end."""

    uri: str
    format: Optional[str]
    compression: Optional[str]
    ok: bool
    records: int
    bytes: int
    errors: tuple[Finding, ...]
    error_count: int
    unreadable: bool


@dataclass(frozen=True)
class ValidateReport:
    """The result of `validate`. ``raw`` is the whole report of ``recordpipe validate --json``."""

    ok: bool
    records: int
    bytes: int
    files: tuple[FileReport, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def errors(self) -> list[Finding]:
        """The findings of all files, up to ``max_errors`` per file."""
        return [finding for file in self.files for finding in file.errors]

    def raise_for_errors(self) -> None:
        """Raises the first finding as an error, if there is one."""
        for finding in self.errors:
            raise finding.error()
        if not self.ok:
            raise DataError("not all files were checked", code="incomplete-shards")


def validate(
    paths: Paths,
    *,
    schema: Optional[Schema] = None,
    max_errors: int = 100,
    jobs: Optional[int] = None,
    options: Sequence[str] = (),
) -> ValidateReport:
    """Checks every record of every file: framing, lengths, checksums. Invalid data is not an error.

    Args:
        paths: the same as those of `read`
        schema: result of `schema`, or the path of such a file: also checks the contents of records
        max_errors: number of findings per file to list; all are counted
        jobs: number of threads. Default: one per processor
        options: further options of ``recordpipe validate``

    Raises:
        RecordpipeError: recordpipe could not run
    """
    arguments = ["validate", *paths_of(paths), "--json", "--quiet", "--max-errors", str(max_errors)]
    with schema_option(schema) as schema_arguments:
        # 1: invalid data, 3: unreadable files, which the report contains.
        output = run([*arguments, *_jobs(jobs), *schema_arguments, *options], accept=(0, 1, 3))
    raw = json.loads(output)
    return ValidateReport(
        ok=raw["ok"],
        records=raw["totals"]["records"],
        bytes=raw["totals"]["bytes"],
        files=tuple(map(_file_report, raw["files"])),
        raw=raw,
    )


def _file_report(file: Mapping[str, Any]) -> FileReport:
    names = ("code", "message", "uri", "record", "offset")
    errors = tuple(Finding(**{name: error[name] for name in names}) for error in file["errors"])
    same = ("uri", "format", "compression", "ok", "records", "bytes", "unreadable")
    return FileReport(**{name: file[name] for name in same}, errors=errors, error_count=file["errorCount"])


def count(paths: Paths, *, jobs: Optional[int] = None, options: Sequence[str] = ()) -> dict[str, int]:
    """Returns the number of records of each file, in the order in which `read` reads the files.

    Raises:
        RecordpipeError: a file is damaged or cannot be read
    """
    arguments = ["count", *paths_of(paths), "--json", "--quiet", *_jobs(jobs), *options]
    files = json.loads(run(arguments))["files"]
    return {file["uri"]: file["records"] for file in files}


def list_files(paths: Paths, *, options: Sequence[str] = ()) -> list[str]:
    """Returns the files and addresses that paths refer to: directories, patterns, prefixes, lists.

    Raises:
        RecordpipeError: a path does not exist or cannot be listed
    """
    lines = run(["plan", *paths_of(paths), "--output", "-", "--quiet", *options]).splitlines()
    # The first and the last line describe the plan.
    return [json.loads(line)["uri"] for line in lines[1:-1]]


def stats(paths: Paths, *, jobs: Optional[int] = None, options: Sequence[str] = ()) -> dict[str, Any]:
    """Returns the statistics of ``recordpipe stats --json``: sizes, features, labels, images.

    Raises:
        RecordpipeError: a file cannot be read; damaged records are findings
    """
    arguments = ["stats", *paths_of(paths), "--json", "--quiet", *_jobs(jobs), *options]
    found: dict[str, Any] = json.loads(run(arguments, accept=(0, 1)))
    return found


def schema(
    paths: Paths,
    *,
    loose: bool = False,
    jobs: Optional[int] = None,
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """Infers the strictest schema to which all records conform, for `validate`.

    Args:
        loose: restrict the schema to types, presence, fixed lengths and image formats

    Raises:
        RecordpipeError: a file is damaged or cannot be read
    """
    arguments = ["schema", *paths_of(paths), "--json", "--quiet", *(["--loose"] if loose else [])]
    found: dict[str, Any] = json.loads(run([*arguments, *_jobs(jobs), *options]))
    return found


def _jobs(jobs: Optional[int]) -> list[str]:
    return [] if jobs is None else ["--jobs", str(jobs)]
