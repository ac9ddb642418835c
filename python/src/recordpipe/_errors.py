"""Errors of recordpipe."""

from __future__ import annotations

import json
import re
from typing import Any, Optional

# The text of an error that only its message survived, as torch's DataLoader sends it from a worker.
_IN_TEXT = re.compile(
    r"^(?:recordpipe\.\S*Error: )?(?P<code>[a-z]+(?:-[a-z]+)+): "
    r".*?(?:\(record (?P<record>\d+) at (?:uncompressed )?byte (?P<offset>\d+) of (?P<uri>.*)\))?$",
    re.MULTILINE,
)

# An option at the start of a message, which is an argument here.
_OPTION = re.compile(r"^--(where|columns|schema|format|skip|batch-rows|skip-errors)(?=: )")


class RecordpipeError(Exception):
    """A failure that concerns data, input or the environment.

    Attributes:
        code: stable kebab-case word for the kind of failure, for example ``data-checksum``
        uri: the file or address, or None
        record: zero-based number of the record in the file, or None
        offset: offset of the record's first byte, or None
        next_step: what to do about it, or None
    """

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        uri: Optional[str] = None,
        record: Optional[int] = None,
        offset: Optional[int] = None,
        next_step: Optional[str] = None,
    ) -> None:
        if code is None:
            # DataLoader raises the error of a worker again as its class with a text.
            found = None
            for found in _IN_TEXT.finditer(message):
                pass
            code = found["code"] if found else "unknown"
            if found and found["record"] is not None:
                uri, record, offset = found["uri"], int(found["record"]), int(found["offset"])
            super().__init__(message)
        else:
            super().__init__(f"{code}: {message}" + (f"\n  next: {next_step}" if next_step else ""))
        self.code: str = code
        self.uri = uri
        self.record = record
        self.offset = offset
        self.next_step = next_step

    def __reduce__(self) -> Any:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[RecordpipeError], args: tuple[Any, ...], fields: dict[str, Any]) -> RecordpipeError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(fields)
    return error


class DataError(RecordpipeError):
    """Invalid data: another attempt would fail again."""


class UsageError(RecordpipeError, ValueError):
    """An invalid argument, independent of the data. The code is ``invalid-argument``."""


class CommandNotFoundError(RecordpipeError, FileNotFoundError):
    """The recordpipe program, or the Node.js that runs it, is not installed."""


def error_from(stderr: str, returncode: int) -> RecordpipeError:
    """Returns the error that a process of recordpipe printed before it ended with ``returncode``."""
    printed = [found for found in map(_json_error, stderr.splitlines()) if found is not None]
    kind = {1: DataError, 2: UsageError}.get(returncode, RecordpipeError)
    if printed:
        error = printed[-1]
        message, next_step = str(error.get("message")), error.get("next")
        if kind is UsageError:
            message = _OPTION.sub(lambda found: found[1].replace("-", "_"), message)
            next_step = None
        return kind(
            message,
            code=str(error.get("code")),
            uri=error.get("uri"),
            record=error.get("record"),
            offset=error.get("offset"),
            next_step=next_step,
        )
    end = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
    text = stderr.strip()[-2000:] or "it printed nothing"
    code = "invalid-argument" if returncode == 2 else "process-failed"
    return kind(f"recordpipe ended with {end}: {text}", code=code)


def warnings_in(stderr: str) -> list[str]:
    """Returns the skipped records, and the features of a filter that no record has."""
    # Others, such as missing shards, would be wrong for the share of a worker.
    found = []
    for line in stderr.splitlines():
        error = _json_error(line)
        if error is not None:
            found.append(f"skipped: {error.get('code')}: {error.get('message')}")
        elif line.startswith("recordpipe: warning: --where: "):
            found.append(line[len("recordpipe: warning: --") :])
    return found


def _json_error(line: str) -> Optional[dict[str, Any]]:
    if not line.startswith('{"error":'):
        return None
    try:
        error = json.loads(line)["error"]
    except (ValueError, KeyError):
        return None
    return error if isinstance(error, dict) else None
