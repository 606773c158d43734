"""A sweep as Parquet: the columns and the values of CSV, for data frames and data bases."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from shapecalc.analysis.sweep.compute import names_of
from shapecalc.analysis.sweep.listing import INT64_MAX
from shapecalc.analysis.sweep.plan import largest
from shapecalc.analysis.sweep.table import SCHEMA, head_of
from shapecalc.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from pyarrow import RecordBatch, Schema

    from shapecalc.analysis.sweep.compute import RowBlock
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.analysis.sweep.result import Stream

SUFFIX = ".parquet"
#: Rows of a group, which is compressed, and read, by itself.
GROUP = 1 << 18
#: Digits of Arrow's longer and longest decimal numbers.
_LONG, _LONGEST = 38, 76


def is_parquet(path: str) -> bool:
    """Tell a file of Parquet by its suffix.

    >>> is_parquet("points.Parquet"), is_parquet("points.csv")
    (True, False)
    """
    return path.lower().endswith(SUFFIX)


def must_have_pyarrow() -> None:
    """Require what writes Parquet.  Raises `SpecErrors` (E356)."""
    if find_spec("pyarrow") is None:
        message = "a sweep as Parquet takes pyarrow, which is not installed"
        raise refuse("E356", message, hint="pip install 'shapecalc-convnets[sweep]', or write .csv")


def schema_of(plan: Plan) -> Schema:
    """Return the columns' names and types: integers of 64 bits, or decimal where one may be larger.

    What holds for all rows, as JSON has it, is under the key `shapecalc`.  Raises `SpecErrors`
    (E323) for a column whose numbers no decimal holds.
    """
    import pyarrow as pa

    highest = {axis.symbol: axis.highest for axis in plan.free}
    fields = [pa.field(axis.name, pa.int64(), nullable=False) for axis in plan.ground.axes]
    for name in names_of(plan):
        dims = (formula.columns.get(name) for formula in plan.formulas.values())
        most = max((largest(dim, highest) for dim in dims if dim is not None), default=0)
        fields.append(pa.field(name, _type_for(name, most)))
    fields.append(pa.field("note", pa.string(), nullable=False))
    head = json.dumps({"schema": SCHEMA, **head_of(plan)}, default=str)
    return pa.schema(fields, {"shapecalc": head})


def _type_for(name: str, most: int) -> Any:  # noqa: ANN401  (pyarrow has no types)
    import pyarrow as pa

    digits = len(str(most))
    if most <= INT64_MAX:
        return pa.int64()
    if digits > _LONGEST:
        message = f"{name} may have {digits:,} digits, and Parquet's numbers end at {_LONGEST}"
        raise refuse("E323", message, hint="write .csv, or leave the column out")
    return pa.decimal128(_LONG) if digits <= _LONG else pa.decimal256(_LONGEST)


def batch_of(block: RowBlock, schema: Schema) -> RecordBatch:
    """Return a block's rows; a cell without a value is null."""
    import pyarrow as pa

    numbers = {**block.axes, **block.columns}
    missing = None if block.exists.all() else ~block.exists
    arrays = [
        _array(values, schema.field(name).type, None if name in block.axes else missing)
        for name, values in numbers.items()
    ]
    arrays.append(pa.array(block.notes, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: NDArray[Any], type_: Any, missing: NDArray[np.bool_] | None) -> Any:  # noqa: ANN401
    """Make an Arrow array; what stands in rows that do not exist may be of any size."""
    import pyarrow as pa

    if values.dtype != np.object_ and type_ != pa.int64():
        values = values.astype(np.object_)
    return pa.array(values, type_, mask=missing)


def fill(stream: Stream, file: IO[bytes]) -> None:
    """Write a sweep into a file as it is computed."""
    schema = schema_of(stream.plan)
    write((batch_of(block, schema) for block in stream.blocks), schema, file)


def packed(batch: RecordBatch) -> bytes:
    """Return rows as a stream of Arrow, with all that is needed to read it."""
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression="lz4")
    file = pa.BufferOutputStream()
    with pa.ipc.new_stream(file, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    data: bytes = file.getvalue().to_pybytes()
    return data


def unpacked(file: IO[bytes]) -> RecordBatch:
    """Read rows that were packed."""
    import pyarrow as pa

    with pa.ipc.open_stream(file) as reader:
        return reader.read_next_batch()


def write(batches: Iterable[RecordBatch], schema: Schema, file: IO[bytes]) -> None:
    """Write rows into a file, a group at a time, by whatever pieces they come in."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(batches, schema):
            writer.write_table(group, row_group_size=GROUP)


def _groups(batches: Iterable[RecordBatch], schema: Schema) -> Iterator[Any]:
    """Put rows together to groups of one size, but the last one."""
    import pyarrow as pa

    waiting: list[RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= GROUP:
            table = pa.Table.from_batches(waiting, schema)
            yield table.slice(0, GROUP)
            waiting = table.slice(GROUP).to_batches()
            rows -= GROUP
    if rows:
        yield pa.Table.from_batches(waiting, schema)
