"""A sweep on several machines: Dask's workers compute blocks, and one process writes them in order.

A worker reads the network itself, from the same file; what it has read must be the same sweep.
"""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import shapecalc
from shapecalc.analysis.sweep.choice import Chosen, read_choice
from shapecalc.analysis.sweep.compute import Trials, block_at, rows_of
from shapecalc.analysis.sweep.pieces import Made, Pieces, pieces_of, what_it_is
from shapecalc.analysis.sweep.plan import MAX_PROPAGATED
from shapecalc.errors import SpecErrors, refuse
from shapecalc.spec.find import files_noted, noted_files
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from distributed import Client

    from shapecalc.analysis.sweep.order import Order
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.analysis.sweep.result import Stream

#: So many blocks are computed or wait for a worker, each: more would only fill the memory.
AHEAD = 3
#: Seconds to find a scheduler, and workers.
PATIENCE = 10.0


class Readied(NamedTuple):
    """A sweep that is read, with how it is written."""

    plan: Plan
    choice: Chosen | None
    pieces: Pieces
    what: Mapping[str, str]

    def piece(self, number: int, tried: int = 0) -> Made:
        """Compute a block and write its piece; so many points were tried by numbers before."""
        tally = Trials(tried)
        block = block_at(self.plan, number, tally)
        size = block.size
        if self.choice is not None:
            block = block.at(self.choice.meeting(block))
        missing = int((~block.exists).sum())
        data = self.pieces.piece(block)
        return Made(data, size, len(block.exists), missing, tally.tried - tried)


@lru_cache(1)
def computing(order: Order) -> Readied:
    """Read a sweep, once in a process.  Raises `SpecErrors`."""
    with files_noted():
        plan = order.planned()
        what = what_it_is(plan, order.format, dict(order.asked), noted_files())
    return Readied(plan, read_choice(order.wishes, plan), pieces_of(plan, order.format), what)


def compute(order: Order, what: Mapping[str, str], number: int) -> Made:
    """Compute a piece, on a worker."""
    try:
        own = computing(order)
    except SpecErrors as error:
        return Made(refused=error.problems[0].message)
    differing = [name for name in what if own.what.get(name) != what[name]]
    if differing:
        return Made(refused=f"it reads another {differing[0]}: {own.what.get(differing[0])}")
    return own.piece(number)


def computed(
    client: Client, order: Order, what: Mapping[str, str], numbers: Iterable[int]
) -> Iterator[Made]:
    """Compute pieces on the workers, in their order.  Raises `SpecErrors` (E359)."""
    waiting: deque[Any] = deque()
    ahead = AHEAD * max(len(client.nthreads()), 1)
    try:
        for number in numbers:
            waiting.append(client.submit(compute, order, what, number, pure=False))
            if len(waiting) >= ahead:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.cancel(list(waiting))


def _result(future: Any) -> Made:  # noqa: ANN401  (Dask has no types for it)
    """Wait for a piece; Dask gives the block of a worker that died to another one."""
    try:
        made: Made = future.result()
    except (Exception, CancelledError) as error:  # noqa: BLE001  (of whatever kind Dask's are)
        message = (
            f"the cluster did not finish: {type(error).__name__}: {one_line(str(error))[:200]}"
        )
        hint = "the same command goes on from there, with or without --scheduler"
        raise refuse("E359", message, hint=hint) from None
    if made.refused:
        message = f"a worker cannot compute the sweep: {made.refused}"
        hint = "it needs the network's files, as they are here, by the same names"
        raise refuse("E359", message, hint=hint)
    return made


def pieces_from(client: Client, order: Order, stream: Stream) -> Iterator[Made]:
    """Compute what is left of a sweep on the workers, and count it in the stream.

    The first block is computed here, after a look for one that exists.  Raises `SpecErrors`: E353
    where no row is there, E359.
    """
    own = computing(order)
    start = stream.start
    if not start:
        for block in stream.blocks:
            yield Made(own.pieces.piece(block), block.size)
            break
        start = 1
    rows = rows_of(stream.plan, stream.rows)
    numbers = range(start, -(-stream.plan.ground.size // rows))
    every = computed(client, order, own.what, numbers)
    for number, made in zip(numbers, every, strict=True):
        tried = stream.tally.tried
        if made.tried and tried + made.tried > MAX_PROPAGATED:  # the limit is that of all blocks
            made = own.piece(number, tried)  # noqa: PLW2901
        stream.count(made.points, made.missing)
        stream.tally.tried += made.tried
        yield made
    if own.choice is not None:
        deque(own.choice.rows((), there=stream.points > 0), 0)


def must_have_dask() -> None:
    """Require Dask's scheduler.  Raises `SpecErrors` (E358)."""
    if find_spec("distributed") is None:
        message = "several processes or machines take dask.distributed, which is not installed"
        raise refuse("E358", message, hint="pip install 'shapecalc-convnets[cluster]'")


@contextmanager
def connected(scheduler: str | None, workers: int) -> Iterator[Client]:
    """Connect to a scheduler, or start one with so many workers here.

    Raises `SpecErrors`: E359 where none answers, where it has no workers, and where the versions
    of this package differ.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.disable(logging.CRITICAL)  # what goes wrong is said once, by us
    with dask.config.set({"distributed.comm.timeouts.connect": f"{PATIENCE}s"}):
        if scheduler is None:
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            with local, Client(local, set_as_default=False) as client:
                yield client
            return
        try:
            client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            message = f"no scheduler answers at {scheduler}: {error}"
            hint = "start one by `dask scheduler`, and `dask worker ADDRESS` for each process"
            raise refuse("E359", message, hint=hint) from None
        with client:
            must_be_alike(client.run(_asking()), shapecalc.__version__)
            yield client


def must_be_alike(workers: Mapping[str, str | None], here: str) -> None:
    """Require workers, and of each the version that is here.  Raises `SpecErrors` (E359)."""
    if not workers:
        hint = "start some: `dask worker ADDRESS`"
        raise refuse("E359", "the scheduler has no workers", hint=hint)
    for address, version in sorted(workers.items()):
        if version != here:
            there = f"has shapecalc {version}" if version else "lacks shapecalc"
            message = f"the worker {address} {there}, and here is {here}"
            raise refuse("E359", message, hint="install the same on all machines")


def _asking() -> Callable[[], str | None]:
    """Return what a worker tells its version by: a function that is sent as it is, not by name."""

    def version_there() -> str | None:
        try:
            from shapecalc import __version__
        except ImportError:
            return None
        return __version__

    return version_there
