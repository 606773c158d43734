"""Tasks to outcomes, in this process or in several; what waits at a time is bounded."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from shapecalc.homework.classroom.judging import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from shapecalc.homework.classroom.asked import Asked
    from shapecalc.homework.classroom.judging import Outcome, Task

#: Starting processes takes as long as judging so many students.
PAYS = 100
#: So many students go to a process at a time.
_CHUNK = 16


def outcomes(
    asked: Asked, tasks: Iterable[Task], *, jobs: int, solution: bool
) -> Iterator[Outcome]:
    """Judge every task, by `jobs` processes where these pay; the order may be another."""
    tasks = iter(tasks)
    first = list(islice(tasks, PAYS if jobs > 1 else 0))
    every = chain(first, tasks)
    if jobs > 1 and len(first) == PAYS:
        yield from _by_processes(asked, every, jobs, solution=solution)
    else:
        for task in every:
            yield judge(asked, task, solution=solution)


def _by_processes(
    asked: Asked, tasks: Iterator[Task], jobs: int, *, solution: bool
) -> Iterator[Outcome]:
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # spawn everywhere: it is what macOS and Windows have, and forks of threads are none
    context = get_context("spawn")
    waiting: dict[Future[list[Outcome]], tuple[Task, ...]] = {}
    with ProcessPoolExecutor(jobs, context, _begin) as pool:
        try:
            for chunk in iter(lambda: tuple(islice(tasks, _CHUNK)), ()):
                waiting[pool.submit(_judge_all, asked, chunk, solution=solution)] = chunk
                while len(waiting) > 2 * jobs:
                    for each in wait(waiting, return_when=FIRST_COMPLETED).done:
                        yield from each.result()
                        del waiting[each]
            for each in list(waiting):
                yield from each.result()
                del waiting[each]
        except BrokenProcessPool:  # a process was ended from outside, as for want of memory
            lost = chain.from_iterable(waiting.values())
            for task in chain(lost, tasks):
                yield judge(asked, task, solution=solution)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _begin() -> None:
    """Leave interrupting to the first process, which says what was kept."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _judge_all(asked: Asked, tasks: Sequence[Task], *, solution: bool) -> list[Outcome]:
    return [judge(asked, task, solution=solution) for task in tasks]
