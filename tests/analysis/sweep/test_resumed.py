"""A long sweep that is ended goes on where it was, and writes the bytes of one that was not."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from shapecalc.analysis.sweep import pieces, prepare
from shapecalc.analysis.sweep.choice import Wishes, read_choice
from shapecalc.analysis.sweep.pieces import TextPieces, made_here, pieces_of, write_pieces
from shapecalc.analysis.sweep.result import Stream
from shapecalc.cli import main
from shapecalc.output.formats import parts
from shapecalc.output.view import View
from shapecalc.text import partial
from shapecalc.text.partial import begun
from tests.paths import ROOT
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.analysis.sweep.plan import Plan

#: Six blocks of rows, of which the first rows do not exist.
WORDS = ["sweep", "lenet5", "--over", "H=28:327", "--over", "W=28:1227", "--columns", "params,macs"]
POINTS = 360_000
#: The command line, which notes after each piece what is whole.  No file grows beyond a limit; one
#: that is slow stops in the middle of each piece, so that a signal finds it there.
NOTES = """
import signal
import sys
import time
from shapecalc.analysis.sweep import pieces
from shapecalc.text import partial
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
partial.NOTED, pieces.LONG = 0, 1
limit, slow, *words = sys.argv[1:]
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
class Halting:
    def __init__(self, file):
        self.file = file

    def write(self, data):
        half = len(data) // 2
        self.file.write(data[:half])
        self.file.flush()
        time.sleep(0.2)
        self.file.write(data[half:])

    def __getattr__(self, name):
        return getattr(self.file, name)

class Slow(partial.Partial):
    def __init__(self, folder):
        super().__init__(folder)
        self.file = Halting(self.file)

if slow:
    partial.Partial = Slow
from shapecalc.cli import main
main(words)
"""
FORMATS = ["csv", "json", "parquet"]


@pytest.fixture(autouse=True)
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LONG", 1)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    for format_ in FORMATS:
        run = start(folder / f"points.{format_}")
        _, error = run.communicate()
        assert run.returncode == 0, error
    assert sorted(path.name for path in folder.iterdir()) == [f"points.{f}" for f in FORMATS]
    return {format_: (folder / f"points.{format_}").read_bytes() for format_ in FORMATS}


def start(target: Path, limit: int | str = "", slow: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", NOTES, str(limit), slow, *WORDS, "-o", str(target)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(
    run: subprocess.Popen[str], target: Path, blocks: int, number: int, wait: float = 0
) -> tuple[int, str]:
    """Send a signal to a run when so many blocks are there; return its exit code and its words."""
    done = folder_of(target) / "done.json"
    while run.poll() is None and not (done.exists() and noted(target)["blocks"] >= blocks):
        time.sleep(0.001)
    time.sleep(wait)
    run.send_signal(number)
    _, error = run.communicate()
    return run.returncode, error


def noted(target: Path) -> dict[str, int]:
    counts: dict[str, int] = json.loads((folder_of(target) / "done.json").read_text())
    return counts


def folder_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("format_", FORMATS)
def test_killed_at_any_time_it_goes_on(
    format_: str, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    target = tmp_path / f"points.{format_}"
    draw = random.Random(f"kills of {format_}")
    killed = 0
    for blocks in (0, 1, 3):
        run = start(target, slow="slow")
        code, _ = ended(run, target, blocks, signal.SIGKILL, draw.random() / 5)
        killed += code == -signal.SIGKILL
        assert not target.exists() or code == 0
    assert killed == 3
    run = start(target)
    _, error = run.communicate()
    assert run.returncode == 0
    assert "goes on after" in error
    assert target.read_bytes() == undisturbed[format_]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_asked_to_end_it_keeps_what_it_says(
    name: str, code: int, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    target = tmp_path / "points.csv"
    got, error = ended(start(target, slow="slow"), target, 2, getattr(signal, name))
    assert got == code
    counts = noted(target)
    assert 0 < counts["points"] < POINTS
    assert f"sweep: stopped after {counts['points']:,} of 360,000 points; " in error
    assert "Traceback" not in error
    kept = (folder_of(target) / "rows").read_bytes()
    assert len(kept) == counts["bytes"]
    assert kept.count(b"\n") == counts["points"]  # the header, and the last row's end is not there
    assert undisturbed["csv"].startswith(kept)
    run = start(target)
    _, error = run.communicate()
    assert f"sweep: goes on after {counts['points']:,} of 360,000 points" in error
    assert target.read_bytes() == undisturbed["csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files is Linux's")
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_where_nothing_more_fits_it_says_so_and_goes_on(
    format_: str, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    target = tmp_path / f"points.{format_}"
    run = start(target, limit={"csv": 5_000_000, "parquet": 500_000}[format_])
    _, error = run.communicate()
    assert run.returncode == 2
    assert error.startswith(f"error[E007]: '{target}' cannot be written: File too large\n")
    assert f"hint: {target}.part keeps what is done" in error
    assert not target.exists()
    assert (folder_of(target) / "rows").stat().st_size == noted(target)["bytes"]
    run = start(target)
    assert run.communicate()[1].startswith("sweep: goes on after ")
    assert target.read_bytes() == undisturbed[format_]


def test_a_full_disk_keeps_the_last_whole_piece(tmp_path: Path) -> None:
    """What did not fit is taken away first, so that there is room to note what did."""

    def fail() -> None:
        with begun(str(tmp_path / "x"), {"a": "b"}) as (part, _):
            part.add(b"whole", {"blocks": 1})
            part.file.write(b"half")
            part.file.flush()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space"):
        fail()
    assert (tmp_path / "x.part" / "rows").read_bytes() == b"whole"
    with begun(str(tmp_path / "x"), {"a": "b"}) as (part, target):
        assert part.whole == (5, {"blocks": 1})
        part.add(b", too", {"blocks": 2})
        part.finish(part.rows, target)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"whole, too"


def test_a_second_run_into_the_same_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "points.csv"
    with begun(str(target), {}) as (part, _):
        part.add(b"rows of the first", {"blocks": 1})
        result = runner().invoke(main, [*WORDS, "-o", str(target)])
        assert result.exit_code == 2
        assert result.stderr.startswith(
            f"error[E357]: '{target}' is being written by another run\n"
        )
        assert part.rows.read_bytes() == b"rows of the first"


@pytest.mark.parametrize(
    ("words", "differs"),
    [
        (["--over", "H=28:328"], "over"),
        (["--columns", "params"], "columns"),
        (["--where", "params > 3"], "where"),
        (["--batch", "2"], "counted"),
        (["--sample", "300000", "--seed", "3"], "sample"),
    ],
)
def test_another_sweep_is_not_continued(
    words: list[str], differs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "points.csv"
    monkeypatch.setattr(TextPieces, "piece", stopping(TextPieces.piece, 1))
    stopped = runner().invoke(main, [*WORDS, "-o", str(target)])
    assert stopped.exit_code == 130
    before = {path.name: path.read_bytes() for path in folder_of(target).iterdir()}
    every = [*WORDS, *words, "-o", str(target)]
    if words[0] in WORDS:
        at = WORDS.index(words[0])
        every = [*WORDS[:at], *words, *WORDS[at + 2 :], "-o", str(target)]
    result = runner().invoke(main, every)
    assert result.exit_code == 2
    assert f"error[E357]: '{target}.part' has the beginning of another sweep" in result.stderr
    assert f"  rule: {differs}: " in result.stderr
    assert {path.name: path.read_bytes() for path in folder_of(target).iterdir()} == before


def test_a_changed_spec_is_another_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, target = tmp_path / "net.yaml", tmp_path / "points.csv"
    spec.write_text("input: HxWx1\nlayers: [conv3-4]\n")
    words = ["sweep", str(spec), "--over", "H=1:800", "--over", "W=1:800", "-o", str(target)]
    monkeypatch.setattr(TextPieces, "piece", stopping(TextPieces.piece, 2))
    assert runner().invoke(main, words).exit_code == 130
    spec.write_text("input: HxWx1\nlayers: [conv3-5]\n")
    assert "  rule: network: " in runner().invoke(main, words).stderr


def stopping(piece: object, after: int) -> object:
    """Make pieces, and then Ctrl-C."""
    made = []

    def stopped(self: TextPieces, block: object) -> bytes:
        if len(made) == after:
            raise KeyboardInterrupt
        made.append(block)
        return piece(self, block)  # type: ignore[operator,no-any-return]

    return stopped


def written(plan: Plan, format_: str, wishes: Wishes, path: Path, stops: list[int]) -> bytes:
    """Write a sweep in blocks of 16 rows, ended after so many pieces each time."""
    choice = read_choice(wishes, plan)
    made = pieces_of(plan, format_)
    piece = made.piece
    for stop in [*stops, 10**9]:
        count = 0

        def counted(block: object, stop: int = stop) -> bytes:
            nonlocal count
            count += 1
            if count > stop:
                raise KeyboardInterrupt
            return piece(block)  # type: ignore[arg-type]

        made.piece = counted  # type: ignore[method-assign,assignment]
        try:
            with begun(str(path), {}) as (part, target):
                stream = Stream(plan, 16, choice, done=part.whole.done)
                write_pieces(stream, made, part, target, made_here(stream, made))
        except KeyboardInterrupt:
            assert not path.exists()
        else:
            break
    return path.read_bytes()


SPEC = "let: {k: 1}\ninput: HxWx4\nlayers: [conv: {filters: 4, kernel: 3, stride: k, groups: k}, dense: 2]\n"


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    ("wishes", "sample"),
    [(Wishes(), None), (Wishes(where="macs >= 20K"), None), (Wishes(), (300, 7))],
    ids=["all", "where", "sample"],
)
def test_wherever_it_is_ended_the_bytes_are_the_same(
    format_: str, wishes: Wishes, sample: tuple[int, int] | None, tmp_path: Path
) -> None:
    (tmp_path / "net.yaml").write_text(SPEC)
    over = {"H": range(1, 30), "k": [3, 1, 2, 4], "W": range(1, 12)}
    plan = prepare(
        tmp_path / "net.yaml",
        over,
        "macs,output",
        View(),
        sample=sample,
        streamed=True,
        wishes=wishes,
    )
    whole = written(plan, format_, wishes, tmp_path / "whole", [])
    if format_ != "parquet":
        stream = Stream(plan, 16, read_choice(wishes, plan))
        assert whole == "".join(parts(stream, format_)).encode()
    blocks = -(-plan.ground.size // 64)
    for stop in range(blocks + 1):
        path = tmp_path / f"ended-{stop}"
        assert written(plan, format_, wishes, path, [stop, 1, 0]) == whole


def test_where_no_row_is_nothing_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "points.csv"
    result = runner().invoke(main, [*WORDS, "--where", "params < 3", "-o", str(target)])
    assert result.exit_code == 2
    assert "no point meets the conditions" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_of_a_front_nothing_is_kept_on_the_way() -> None:
    plan = prepare("lenet5", {"H": range(28, 528)}, "macs", View())
    assert pieces.is_long(plan, None)
    assert pieces.is_long(plan, read_choice(Wishes(where="macs > 3"), plan))
    assert not pieces.is_long(plan, read_choice(Wishes(pareto="macs"), plan))
    assert not pieces.is_long(plan, read_choice(Wishes(top=3, by="macs"), plan))


def test_rows_that_were_noted_and_are_not_there_are_written_anew(tmp_path: Path) -> None:
    path = str(tmp_path / "x")
    with begun(path, {}) as (part, _):
        part.add(b"12345", {"blocks": 1})
        part.note()
    (tmp_path / "x.part" / "rows").write_bytes(b"1234")
    with begun(path, {}) as (part, target):
        assert part.whole == (0, {})
        assert part.rows.read_bytes() == b""
        part.finish(part.rows, target)


def test_only_what_is_its_own_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "x.part"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with begun(str(tmp_path / "x"), {}) as (part, target):
        part.finish(part.rows, target)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_what_cannot_be_read_is_another(tmp_path: Path) -> None:
    folder = tmp_path / "x.part"
    folder.mkdir()
    (folder / "what.json").write_text("{")
    with pytest.raises(partial.OtherPartError), begun(str(tmp_path / "x"), {}):
        pass


def test_what_is_short_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not pieces.is_long(prepare("lenet5", {"H": range(28, 528)}, "macs", View()), None)
