"""`shapecalc sweep`: a network over ranges of what it is made of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli import options
from shapecalc.cli.common import (
    complete_spec,
    emit,
    emit_parts,
    page_width,
    remark,
    reported,
    write,
)
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.analysis.sweep.choice import Chosen
    from shapecalc.analysis.sweep.order import Order
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.cli.long_sweep import Machines


def _columns_help(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """List the columns when asked for `help`."""
    if value == "help":
        from shapecalc.analysis.sweep.columns import column_help
        from shapecalc.output.text import terms_text

        click.echo("\n".join(terms_text(column_help(), page_width())))
        ctx.exit()
    return value


@click.command(
    short_help="Run a network through ranges: a row a point, or a picture.",
    epilog="""\b
Examples:
  shapecalc sweep alexnet --over N=67:515:64
  shapecalc sweep alphago --over k=64,128,192 --columns params,macs --units M
  shapecalc sweep vgg16 --input HxWx3 --over H=32:512:32 --over W=32:512:32 -o vgg16.csv
  shapecalc sweep alexnet --over conv1.stride=1:8 --columns conv1.output,macs --chart
  shapecalc sweep alexnet --over conv1.kernel=3:11 --over N=67:400 --pareto macs --maximize N
  shapecalc sweep alexnet --over N=67:400 --columns pool3.height --plot pool3.png
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="NAME=VALUES",
    help="What to run through, as LOW:HIGH, LOW:HIGH:STEP (both ends belong to it) or a,b,c.  NAME"
    " is a constant, a symbol of the input, a side of an input of numbers (H, W, or N for both),"
    " or a layer's field, like conv1.stride.  Repeatable: the last one runs fastest.",
)
@options.written(
    "analysis.sweep.result.Stream",
    more="  .parquet: columns for data frames, with the extra sweep.",
)
@click.option(
    "-c",
    "--columns",
    metavar="LIST",
    is_eager=True,
    callback=_columns_help,
    help="Totals (macs, peak) and values of layers (conv1.output), separated by commas; 'help'"
    " to list them.  Default: params,macs,activations,peak,output.",
)
@click.option(
    "--where",
    metavar="CONDITIONS",
    help="Only points that meet conditions on totals or names: 'params <= 5M and macs <= 1G'.",
)
@click.option(
    "--pareto",
    metavar="LIST",
    help="Only points that no other beats in all of these columns, which are to be small.",
)
@click.option(
    "--maximize",
    metavar="LIST",
    help="Columns or names that --pareto wants large: N, the resolution, for one.",
)
@click.option(
    "--top", default=0, type=click.IntRange(0), metavar="N", help="Only the N first rows of --by."
)
@click.option(
    "--by",
    default="",
    metavar="COLUMN",
    help="What --top wants most of; -macs: least.",
)
@click.option(
    "--sample",
    default=0,
    type=click.IntRange(0, 10_000_000),
    metavar="N",
    help="Draw N of the points, from spaces too large to list.",
)
@click.option("--seed", default=0, metavar="S", help="What --sample draws by.  Default: 0.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of a scheduler of Dask compute a long sweep, like tcp://HOST:8786.",
)
@click.option(
    "--workers",
    default=0,
    type=click.IntRange(0),
    metavar="N",
    help="Let N processes compute a long sweep.  Both take the extra cluster.",
)
@click.option("--chart", is_flag=True, help="Draw a column with characters.")
@click.option("--plot", metavar="FILE", help="Draw a column into FILE (.svg .tex .png .pdf).")
@click.option("--y", metavar="COLUMN", help="The column to draw.  Default: macs, or the first.")
@options.settings
@options.inputs
@options.fold_batchnorm
@options.strict
@options.profile
@options.batch
@options.dtype
@options.units
@click.option(
    "--count-inplace", is_flag=True, help="Count activations of layers that work in place, too."
)
def sweep(
    spec: str,
    over: tuple[str, ...],
    output: options.Output,
    columns: str | None,
    where: str | None,
    pareto: str | None,
    maximize: str | None,
    top: int,
    by: str,
    sample: int,
    seed: int,
    scheduler: str | None,
    workers: int,
    chart: bool,
    plot: str | None,
    y: str | None,
    settings: dict[str, str],
    inputs: dict[str, str],
    fold_batchnorm: bool,
    profile: str | None,
    batch: int,
    dtype: str,
    units: str,
    count_inplace: bool,
) -> None:
    """Compute SPEC at every point of a grid: totals, and values of layers.

    SPEC is a file, the name of a shipped spec (`shapecalc specs`), or - for standard input.  With
    --chart or --plot there is a table only where -f or -o ask for one.
    """
    with reported(as_json=output.as_json):
        from shapecalc.analysis.sweep import prepare
        from shapecalc.analysis.sweep.choice import Wishes, must_go_together, read_choice
        from shapecalc.output.options import make_view

        for option, text in (("where", where), ("pareto", pareto), ("maximize", maximize)):
            if text is not None and not text.strip(" ,;"):
                raise misuse(f"--{option} names nothing", "leave it out for all points")
        wishes = Wishes(where or "", pareto or "", maximize or "", top, by)
        must_go_together(wishes)

        drawn = chart or plot is not None
        if y is not None and not drawn:
            hint = "add --chart or --plot FILE"
            raise misuse("--y names the column of a picture, and there is none", hint)
        if output.path is not None and output.format is None:
            from shapecalc.analysis.sweep.plot import must_be_no_picture

            must_be_no_picture(output.path)
        format_ = _format_of(output)
        if chart and output.format is not None and output.path is None:
            _must_be_for_people(format_)
        if plot is not None:
            from shapecalc.analysis.sweep.plot import file_kind_of

            file_kind_of(plot)  # before anything is computed
        counted: dict[str, Any] = {
            "profile": profile,
            "batch": batch,
            "dtype": dtype,
            "units": units,
            "count_inplace": count_inplace,
        }
        drawing = (sample, seed) if sample else None
        plan = prepare(
            spec,
            over,
            _with(columns, y),
            make_view(**counted),
            settings=settings,
            input=inputs,
            fold_batchnorm=fold_batchnorm,
            progress=_progress,
            wishes=wishes,
            sample=drawing,
            streamed=not drawn and _streams(format_),
        )
        choice = read_choice(wishes, plan)
        if drawn:
            _draw(plan, choice, y, chart=chart, plot=plot)
        if not drawn or output.format is not None or output.path is not None:
            from shapecalc.analysis.sweep.order import Order
            from shapecalc.cli.long_sweep import Machines

            order = Order(
                spec,
                over,
                _with(columns, y),
                tuple(counted.items()),
                tuple(settings.items()),
                tuple(inputs.items()),
                fold_batchnorm,
                wishes,
                drawing,
                format_,
                (("where", where or ""), ("sample", str(drawing or ""))),
            )
            _table(plan, choice, output, order, Machines(scheduler, workers))


def _must_be_for_people(format_: str) -> None:
    """Refuse a page or data for programs behind a chart: it would be neither."""
    if format_ not in ("text", "terminal"):
        message = f"--chart draws on standard output, where {format_} would begin with the picture"
        raise misuse(message, "add -o FILE, or leave out --chart")


def _with(columns: str | None, y: str | None) -> str | None:
    """Add the column of a picture to those of the table."""
    if y is None:
        return columns
    if columns is None:
        from shapecalc.analysis.sweep.columns import DEFAULT

        return f"{DEFAULT},{y}"
    return f"{columns},{y}"


#: What no other command writes.
PARQUET = "parquet"


def _format_of(output: options.Output) -> str:
    """Choose the format, before anything is computed.

    Raises `SpecErrors`: E302, E323 for options that the format has no use for, E356 without what
    writes it.
    """
    from shapecalc.analysis.sweep.parquet import is_parquet, must_have_pyarrow

    named = output.path is not None and output.format is None and is_parquet(output.path)
    if output.format != PARQUET and not named:
        return output.chosen()
    if output.path is None:
        raise misuse("Parquet is written into a file", "add -o FILE.parquet")
    for word in output.page:
        raise misuse(f"--{word} is that of a page, and {PARQUET} has none", "leave it out")
    must_have_pyarrow()
    return PARQUET


def _streams(format_: str) -> bool:
    """Tell whether rows are written as they are computed."""
    from shapecalc.output.formats import FORMATS

    return format_ == PARQUET or "records" in FORMATS[format_].writers


def _table(
    plan: Plan, choice: Chosen | None, output: options.Output, order: Order, machines: Machines
) -> None:
    format_ = order.format
    from shapecalc.analysis.sweep.pieces import is_long
    from shapecalc.analysis.sweep.result import Stream
    from shapecalc.analysis.sweep.table import missing_text
    from shapecalc.cli.long_sweep import Machines, write_long

    stream = Stream(plan, choice=choice, watched=_watched)
    if output.path is not None and _streams(format_) and is_long(plan, choice):
        if machines != Machines():
            from shapecalc.analysis.sweep.cluster import must_have_dask

            must_have_dask()
        stream = write_long(stream, order, output.path, machines)
        remark(stream.doubts)
    elif format_ == PARQUET:
        from shapecalc.analysis.sweep.parquet import fill

        assert output.path is not None, "`_format_of` refuses it"
        write(output.path, lambda file: fill(stream, file))
        remark(stream.doubts)
    else:
        output.write(stream)
    if stream.missing and _streams(format_):
        click.echo(f"sweep: {missing_text(stream.missing, stream.points)}", err=True)


def _draw(
    plan: Plan, choice: Chosen | None, y: str | None, *, chart: bool, plot: str | None
) -> None:
    from shapecalc.analysis.sweep.pictures import column_of
    from shapecalc.analysis.sweep.result import collect

    measure = column_of(plan, y)
    computed = collect(plan, choice)
    if plot is not None:
        from shapecalc.analysis.sweep.plot import file_kind_of
        from shapecalc.analysis.sweep.plot import plot as plotted

        emit_parts([file_kind_of(plot).write(plotted(computed, measure))], plot)
    if chart:
        from shutil import get_terminal_size

        from shapecalc.analysis.sweep.pictures import to_chart

        width = get_terminal_size().columns if sys.stdout.isatty() else 80
        emit(to_chart(computed, measure, width, plain=_plain()), None)


def _plain() -> bool:
    """Tell whether the output has no characters to draw with."""
    try:
        "█⣿─".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return True
    return False


#: A sweep of fewer points is over before a bar says anything.
LONG = 500_000


def _watched(blocks: Iterator[Any], before: int, total: int) -> Iterator[Any]:
    """Show on a terminal how many points are done, how many a second, and the time left.

    Of the `total` so many were done `before`; a block, or a piece, has its `size`.
    """
    if total < LONG or not sys.stderr.isatty():
        yield from blocks
        return
    from time import monotonic

    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from shapecalc.output.terminal import error_console

    fields = ("{task.completed:,} points", "{task.fields[rate]:,.0f} a second")
    columns = [BarColumn(), *map(TextColumn, fields), TimeRemainingColumn()]
    start = monotonic()
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task("", total=total, completed=before, rate=0)
        done = before
        for block in blocks:
            done += block.size
            rate = (done - before) / max(monotonic() - start, 1e-9)
            progress.update(task, completed=done, rate=rate)
            yield block


def _progress(indices: Iterable[tuple[int, ...]], total: int) -> Iterator[tuple[int, ...]]:
    """Show on a terminal how many networks are wired, when there are many."""
    if total < 20 or not sys.stderr.isatty():
        yield from indices
        return
    from rich.progress import track

    from shapecalc.output.terminal import error_console

    yield from track(indices, "propagating", total=total, console=error_console(), transient=True)
