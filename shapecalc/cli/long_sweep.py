"""Writing a long sweep: it goes on where an earlier run was ended."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

from shapecalc.cli.common import explaining
from shapecalc.errors import refuse
from shapecalc.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.sweep.order import Order
    from shapecalc.analysis.sweep.pieces import Made
    from shapecalc.analysis.sweep.result import Stream
    from shapecalc.errors import SpecErrors
    from shapecalc.text.partial import OtherPartError, Partial


class Machines(NamedTuple):
    """Where a sweep is computed: by the workers of a scheduler, by so many here, or neither."""

    scheduler: str | None = None
    workers: int = 0


def write_long(stream: Stream, order: Order, path: str, machines: Machines) -> Stream:
    """Write a sweep, or what is left of it; return it with its counts.

    `order` is what it was planned by.  Raises `SpecErrors`: E007, E353, E357 where another run
    writes the file, or began another sweep, E359 where the machines cannot do it.
    """
    from shapecalc.analysis.sweep.pieces import made_here, pieces_of, what_it_is, write_pieces
    from shapecalc.spec.find import noted_files
    from shapecalc.text.partial import OtherPartError, begun

    plan = stream.plan
    what = what_it_is(plan, order.format, dict(order.asked), noted_files())
    pieces = pieces_of(plan, order.format)
    with explaining(path), ExitStack() as stack:
        try:
            partial, target = stack.enter_context(begun(path, what))
            going = _going_on(stream, partial)
            try:
                if machines == Machines():
                    made = made_here(going, pieces)
                else:
                    made = stack.enter_context(_made_there(going, order, machines))
                write_pieces(going, pieces, partial, target, made)
            except OSError as error:
                raise _unwritten(path, partial, error) from None
            except (KeyboardInterrupt, SystemExit):
                more = f"{path}.part keeps them: the same command goes on"
                _say(going, partial, "stopped after", more)
                raise
        except BlockingIOError:
            hint = "wait for it, or give the output another name"
            message = f"'{path}' is being written by another run"
            raise refuse("E357", message, Origin.of_file(path), hint) from None
        except OtherPartError as error:
            raise _other(path, error) from None
    return going


@contextmanager
def _made_there(stream: Stream, order: Order, machines: Machines) -> Iterator[Iterator[Made]]:
    """Connect to the machines, and give what they make."""
    from shapecalc.analysis.sweep.cluster import connected, pieces_from

    watched, stream.watched = stream.watched, None
    with connected(*machines) as client:
        made = pieces_from(client, order, stream)
        if watched is not None:
            made = watched(made, stream.before, stream.plan.ground.size)
        yield made


def _going_on(stream: Stream, partial: Partial) -> Stream:
    """Return the sweep as it goes on behind what is there."""
    from shapecalc.analysis.sweep.result import Stream

    done = partial.whole.done
    going = Stream(stream.plan, stream.rows, stream.choice, stream.watched, done)
    if done:
        _say(going, partial, "goes on after", "which an earlier run wrote")
    return going


def _say(stream: Stream, partial: Partial, verb: str, more: str) -> None:
    from shapecalc.analysis.sweep.compute import rows_of

    done = partial.whole.done
    if done:
        total = stream.plan.ground.size
        count = min(done["blocks"] * rows_of(stream.plan, stream.rows), total)
        click.echo(f"sweep: {verb} {count:,} of {total:,} points; {more}", err=True)


def _unwritten(path: str, partial: Partial, error: OSError) -> SpecErrors:
    message = f"'{path}' cannot be written: {error.strerror or error}"
    hint = f"{path}.part keeps what is done: the same command goes on from there"
    return refuse("E007", message, Origin.of_file(path), hint if partial.whole.done else "")


def _other(path: str, error: OtherPartError) -> SpecErrors:
    name, (there, here) = next(iter(error.differing.items()))
    message = f"'{path}.part' has the beginning of another sweep"
    rule = f"{name}: {there or 'nothing'} there, {here or 'nothing'} here"
    hint = f"remove {path}.part, or give the output another name"
    return refuse("E357", message, Origin.of_file(path), hint, rule=rule)
