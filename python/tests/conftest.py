from __future__ import annotations

import json
import os
import shutil
import struct
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

HERE = Path(__file__).parent
CLI = HERE.parent.parent / "dist" / "cli.js"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes a stand-in the recordpipe to run. Returns a function that describes one input of it."""
    monkeypatch.setenv("RECORDPIPE", f"{sys.executable} {HERE / 'stand_in.py'}")

    def describe(name: str = "input", **plan: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps({**plan, "seen": str(tmp_path / "seen")}))
        return str(path)

    return describe


@pytest.fixture
def seen(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """Returns what the stand-in was started with."""
    return lambda: json.loads((tmp_path / "seen").read_text())


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the command line of this checkout, or that of RECORDPIPE. Skips the test without one."""
    given = os.environ.get("RECORDPIPE")
    if given is None and CLI.is_file() and shutil.which("node") is not None:
        given = str(CLI)
        monkeypatch.setenv("RECORDPIPE", given)
    if given is None:
        pytest.skip("neither RECORDPIPE nor dist/cli.js: run npm run build")
    return given


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc_table()


def _masked_crc(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload: bytes) -> bytes:
    """Returns a TFRecord, written by a second implementation."""
    length = struct.pack("<Q", len(payload))
    return length + _masked_crc(length) + payload + _masked_crc(payload)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(payload)) + payload


def example(**features: Any) -> bytes:
    """Returns a tf.train.Example. Lists of int, float, bytes or str are features; None is missing."""
    entries = b""
    for name, values in features.items():
        if values is None:
            continue
        values = values if isinstance(values, list) else [values]
        if any(isinstance(value, float) for value in values):
            kind = _field(2, _field(1, struct.pack(f"<{len(values)}f", *values)))
        elif any(isinstance(value, (bytes, str)) for value in values):
            raw = [value.encode() if isinstance(value, str) else value for value in values]
            kind = _field(1, b"".join(_field(1, value) for value in raw))
        else:
            kind = _field(3, _field(1, b"".join(map(_varint, values))))
        entries += _field(1, _field(1, name.encode()) + _field(2, kind))
    return _field(1, entries)


@pytest.fixture
def shards(tmp_path: Path) -> Callable[..., list[str]]:
    """Returns a function that writes shards of Examples: an id each, and further features."""

    def write(*sizes: int, **more: Callable[[int], Any]) -> list[str]:
        paths, at = [], 0
        for shard, size in enumerate(sizes):
            path = tmp_path / "data" / f"part-{shard:05d}-of-{len(sizes):05d}.tfrecord"
            path.parent.mkdir(exist_ok=True)
            records = [
                frame(example(id=at + i, **{name: value(at + i) for name, value in more.items()}))
                for i in range(size)
            ]
            path.write_bytes(b"".join(records))
            paths.append(str(path))
            at += size
        return paths

    return write
