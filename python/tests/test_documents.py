"""Runs the examples of the README and of docs/python.md, which print what their comments say."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = re.compile(r"(?:<!-- needs (\w+) -->\n)?```python\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"^.*\bprint\(.*\)  # (.*)$", re.MULTILINE)
EXAMPLES = [
    pytest.param(needs, code, id=f"{path.name}-{i}")
    for path in (ROOT / "README.md", ROOT.parent / "docs" / "python.md")
    if path.is_file()
    for i, (needs, code) in enumerate(EXAMPLE.findall(path.read_text()))
]


@pytest.mark.parametrize(("needs", "code"), EXAMPLES)
def test_the_example_prints_what_it_says(
    needs: str, code: str, cli: str, shards: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    for module in filter(None, [needs, "pandas" if "pandas" in code else "", "torch" if "torch" in code else ""]):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    paths = shards(10, 10, label=lambda i: i % 2, score=lambda i: i / 2, image=lambda i: b"\xff")
    for i, path in enumerate(paths):
        Path(path).rename(Path(path).with_name(f"train-0000{i}-of-00002.tfrecord"))
    source = str(Path(__import__("recordpipe").__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    printed = run.stdout.splitlines()
    for expected in PRINTED.findall(code):
        assert expected in printed
