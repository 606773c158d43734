"""The pieces that a long sweep is written in: one for each block of rows, by itself.

A piece depends on its block alone, so that it does not matter which run writes it.
"""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

import shapecalc
from shapecalc.analysis.sweep.compute import first_point, names_of, rows_of
from shapecalc.analysis.sweep.result import Stream
from shapecalc.analysis.sweep.table import head_of, lines_of
from shapecalc.errors import SpecErrors
from shapecalc.output.csv import to_csv
from shapecalc.output.formats import parts
from shapecalc.output.json import dump, to_json
from shapecalc.output.records import Records
from shapecalc.text.partial import MADE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.analysis.sweep.axes import Axis
    from shapecalc.analysis.sweep.choice import Chosen
    from shapecalc.analysis.sweep.compute import RowBlock
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.text.partial import Partial

#: A sweep of fewer points is over before it would be ended.
LONG = 500_000


class Pieces(Protocol):
    """How a format is written in pieces."""

    def begin(self, stream: Stream) -> bytes:
        """Return what stands before the first piece."""

    def piece(self, block: RowBlock) -> bytes:
        """Write the rows of a block; of none, nothing."""

    #: Stands between two pieces.
    between: bytes

    def whole(self, stream: Stream, partial: Partial) -> Path:
        """Make the file of all pieces, and return it.  Raises `OSError`."""


class _Frame(Stream):
    """A sweep with its counts, of which a single row is written."""

    def __init__(self, stream: Stream, row: RowBlock) -> None:
        vars(self).update(vars(stream))
        self.row = row

    @property
    def blocks(self) -> Iterator[RowBlock]:
        """The row alone, which is not counted."""
        yield self.row


class TextPieces:
    """Rows as lines of CSV or JSON."""

    def __init__(self, plan: Plan, format_: str) -> None:
        self.format = format_
        self.write = {"csv": to_csv, "json": to_json}[format_]
        mark = self.row_text("mark")
        one, two = self.bare(["mark"]), self.bare(["mark", "mark"])
        self.before, _, self.after = one.partition(mark)
        self.separator = two.split(mark)[1]
        self.between = self.separator.encode()
        self.first = first_point(plan)

    def row_text(self, word: str) -> str:
        """Return how a row of a single word is written."""
        return word if self.format == "csv" else dump([word])

    def bare(self, words: list[str]) -> str:
        """Write rows of a word each without the head of a sweep."""
        return "".join(self.write(Records("", key="rows", rows=[[word] for word in words])))

    def text(self, block: RowBlock) -> str:
        """Write rows without what stands before and behind them."""
        rows = lines_of(block)
        text = "".join(self.write(Records("", key="rows", rows=rows)))
        return text[len(self.before) : len(text) - len(self.after)]

    def frame(self, stream: Stream) -> tuple[str, str]:
        """Return what stands before all rows and behind them, with the counts so far."""
        whole = "".join(parts(_Frame(stream, self.first), self.format))
        before, _, after = whole.rpartition(self.text(self.first))
        return before, after

    def begin(self, stream: Stream) -> bytes:
        return self.frame(stream)[0].encode("utf-8", "replace")

    def piece(self, block: RowBlock) -> bytes:
        return self.text(block).encode("utf-8", "replace") if len(block.exists) else b""

    def whole(self, stream: Stream, partial: Partial) -> Path:
        partial.file.write(self.frame(stream)[1].encode("utf-8", "replace"))
        partial.file.flush()
        return partial.rows


class TablePieces:
    """Rows as batches of Arrow, of which Parquet is made when all are there."""

    between = b""

    def __init__(self, plan: Plan) -> None:
        from shapecalc.analysis.sweep.parquet import schema_of

        self.schema = schema_of(plan)

    def begin(self, stream: Stream) -> bytes:
        return b""

    def piece(self, block: RowBlock) -> bytes:
        from shapecalc.analysis.sweep.parquet import batch_of, packed

        if not len(block.exists):
            return b""
        data = packed(batch_of(block, self.schema))
        return len(data).to_bytes(8, "little") + data

    def whole(self, stream: Stream, partial: Partial) -> Path:
        from shapecalc.analysis.sweep.parquet import write

        made = partial.folder / MADE
        with partial.rows.open("rb") as rows, made.open("wb") as file:
            write(self.batches(rows, partial.whole.size), self.schema, file)
        return made

    def batches(self, rows: IO[bytes], size: int) -> Iterator[Any]:
        """Read the pieces again."""
        from shapecalc.analysis.sweep.parquet import unpacked

        while rows.tell() < size:
            length = int.from_bytes(rows.read(8), "little")
            yield unpacked(BytesIO(rows.read(length)))


def pieces_of(plan: Plan, format_: str) -> Pieces:
    """Return how a sweep is written in pieces in a format."""
    return TablePieces(plan) if format_ == "parquet" else TextPieces(plan, format_)


def is_long(plan: Plan, choice: Chosen | None) -> bool:
    """Tell whether a sweep is kept in pieces: not what is short, or put in order at its end."""
    return plan.ground.size >= LONG and (choice is None or choice.streams)


class Made(NamedTuple):
    """A piece of so many points, what it counts of its rows, or why it was refused elsewhere."""

    data: bytes = b""
    size: int = 0
    points: int = 0
    missing: int = 0
    tried: int = 0
    refused: str = ""


def made_here(stream: Stream, pieces: Pieces) -> Iterator[Made]:
    """Compute and write what is left of a sweep, which counts it."""
    for block in stream.blocks:
        yield Made(pieces.piece(block), block.size)


def write_pieces(
    stream: Stream, pieces: Pieces, partial: Partial, target: Path, made: Iterable[Made]
) -> None:
    """Write what is left of a sweep, as it is made, and put the file in its place.

    `stream` goes on where `partial` is.  Raises `SpecErrors` (E353) when no row is there, and
    `OSError`.
    """
    written = stream.points
    try:
        for number, piece in enumerate(made, stream.start + 1):
            data = piece.data
            if not partial.whole.size:
                data = pieces.begin(stream) + data
            elif data and written:
                data = pieces.between + data
            written = stream.points
            partial.add(data, {"blocks": number, **stream.counts()})
    except SpecErrors:
        if not stream.points:
            partial.clear()
        raise
    partial.finish(pieces.whole(stream, partial), target)


def what_it_is(
    plan: Plan, format_: str, words: Mapping[str, str], files: tuple[str, ...]
) -> dict[str, str]:
    """Say which sweep it is, so that no other one is continued: what its bytes depend on.

    `words` are what was asked for beside the plan, `files` those that were read.
    """
    spec = plan.ground.spec
    digest = sha256(spec.source.text.encode("utf-8", "replace"))
    for file in files:
        if Path(file).is_file():
            digest.update(Path(file).read_bytes())
    given = {**plan.ground.settings, **{f"input {k}": v for k, v in plan.ground.inputs.items()}}
    return {
        "shapecalc": shapecalc.__version__,
        "network": f"{spec.source.name}, SHA-256 {digest.hexdigest()}",
        "format": format_,
        "over": ", ".join(map(_values_text, plan.ground.axes)),
        "given": dump(given),
        "columns": ", ".join(names_of(plan)),
        "counted": sha256(dump(head_of(plan)).encode()).hexdigest(),
        "rows in a block": str(rows_of(plan)),
        **words,
    }


def _values_text(axis: Axis) -> str:
    if isinstance(axis.values, range):
        return f"{axis.name}={axis.values[0]}:{axis.values[-1]}:{axis.values.step}"
    values = ",".join(map(str, axis.values))
    return f"{axis.name}={values if len(values) < 200 else sha256(values.encode()).hexdigest()}"
