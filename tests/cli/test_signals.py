"""Ctrl-C, and signals that ask the program to end: the exit code, and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

import click
import pytest

from shapecalc.cli import COMMANDS, main
from shapecalc.text import files
from tests.paths import TESTS
from tests.runner import ENDING, minds_signals, runner

if TYPE_CHECKING:
    from pathlib import Path


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command."""
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = (*path, name)
        found += leaves(command, inner) if isinstance(command, click.Group) else [inner]
    return found


@pytest.mark.parametrize("words", leaves(main), ids=" ".join)
def test_ctrl_c_is_130_in_every_command(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = click.Command.parse_args

    def interrupted(self: click.Command, ctx: click.Context, args: list[str]) -> list[str]:
        if not isinstance(self, click.Group):
            raise KeyboardInterrupt
        return parse(self, ctx, args)

    monkeypatch.setattr(click.Command, "parse_args", interrupted)
    result = runner().invoke(main, [*words])
    assert (result.exit_code, result.output) == (130, "")


def test_the_commands_are_all_tried() -> None:
    assert {words[0] for words in leaves(main)} == set(COMMANDS)


def python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


STOPPED_AT_AN_IMPORT = """
import sys
from importlib.abc import MetaPathFinder

class Interrupted(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
sys.argv = ["shapecalc", "verify", "lenet5"]
import shapecalc.__main__
shapecalc.__main__.program()
"""


@pytest.mark.parametrize("name", ["shapecalc.cli", "click", "shapecalc.cli.verify", "numpy"])
def test_ctrl_c_while_the_program_starts(name: str) -> None:
    done = python(STOPPED_AT_AN_IMPORT.format(name=name))
    assert (done.returncode, done.stderr) == (130, "")


def test_nothing_is_imported_before_ctrl_c_is_minded() -> None:
    code = (
        "import sys; before = set(sys.modules); import shapecalc.__main__;"
        " print(sorted(set(sys.modules) - before))"
    )
    assert python(code, "-S").stdout == "['__future__', 'shapecalc', 'shapecalc.__main__']\n"


def big_sweep(folder: Path) -> subprocess.Popen[str]:
    """Begin a sweep that writes for a second or two, too short to be kept, and wait until it does."""
    words = ["sweep", "lenet5", "--over", "H=32:730", "--over", "W=32:730", "-o", "out.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "shapecalc", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=minds_signals,  # noqa: PLW1509  (no threads here)
    )
    deadline = time.monotonic() + 60
    while not any(path.name.startswith(".out.csv.") for path in folder.iterdir()):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there")
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_what_is_half_written_is_taken_away(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "out.csv").write_text("as it was\n")
    process = big_sweep(tmp_path)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "as it was\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there")
class TestWriting:
    def kill(self, number: int) -> None:
        os.kill(os.getpid(), number)
        time.sleep(0.01)

    @pytest.mark.parametrize("number", ENDING[:-1])
    def test_a_signal_unwinds_and_then_is_as_before(
        self, tmp_path: Path, number: int, request: pytest.FixtureRequest
    ) -> None:
        before = signal.signal(number, signal.SIG_DFL)  # nohup, that may run the tests, ignores one
        request.addfinalizer(lambda: signal.signal(number, before))

        def write(file: IO[bytes]) -> None:
            file.write(b"half")
            self.kill(number)

        with pytest.raises(SystemExit) as ended:
            files.fill(tmp_path / "out", write)
        assert ended.value.code == 128 + number
        assert list(tmp_path.iterdir()) == []
        assert signal.getsignal(number) == signal.SIG_DFL

    def test_what_is_ignored_stays_ignored(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
        try:
            files.fill(tmp_path / "out", lambda file: self.kill(signal.SIGHUP) or file.write(b"x"))
        finally:
            signal.signal(signal.SIGHUP, before)
        assert (tmp_path / "out").read_bytes() == b"x"

    def test_a_thread_writes_too(self, tmp_path: Path) -> None:
        thread = threading.Thread(target=files.replace, args=(tmp_path / "out", [b"x"]))
        thread.start()
        thread.join()
        assert (tmp_path / "out").read_bytes() == b"x"
