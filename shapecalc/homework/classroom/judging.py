"""Students judged one by one, whatever the files hold, in this process or in several.

Here is the boundary that no failure crosses.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.api import build
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.classroom import MarkedCell
from shapecalc.homework.classroom.feedback import feedback
from shapecalc.homework.diagnosis.check import CHANNELS_FIRST, check
from shapecalc.homework.diagnosis.wording import unasked_text
from shapecalc.homework.languages import in_its_language, say, speaking
from shapecalc.report.compute import compute_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.classroom import Graded, Student
    from shapecalc.homework.diagnosis import Checked, JudgedCell
    from shapecalc.homework.variants.variant_list import VariantList
    from shapecalc.text import Source


class HomeworkSource(NamedTuple):
    """A teacher's file; or a network, with its settings and inputs, under the defaults.

    `variants` is the list that was written for the class, where everybody has a variant, `language`
    that of the pages, "" for what the teacher's file says.
    """

    source: Source
    network: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    variants: VariantList | None = None
    language: str = ""


def homework_of(source: HomeworkSource, student: Student | None = None) -> Homework:
    """Return the homework of a student, or of the class.

    Raises `SpecErrors`: E752 for a student without a variant where there are variants.
    """
    values: tuple[tuple[str, str], ...] = ()
    if student is not None and source.variants is not None:
        values = source.variants.of_student(student.id).values
    return _homework(source._replace(variants=None), values)


def read_anew() -> None:
    """Forget the homeworks of earlier runs: the networks that they name are files of their own."""
    _homework.cache_clear()


@lru_cache(maxsize=64)
def _homework(source: HomeworkSource, values: tuple[tuple[str, str], ...]) -> Homework:
    text = source.source
    if not source.network:
        return read_homework(text, dict(values)).in_language(source.language)
    graph = build(text, settings=dict(source.settings), inputs=dict(source.inputs))
    return assign(compute_report(graph)).in_language(source.language)


def fingerprint(homework: Homework) -> str:
    """Return what tells a homework from any that judges, marks or explains otherwise."""
    cells = [
        (cell.at, repr(cell.key), str(cell.out_of), cell.filled_in, repr(cell.accepted))
        for cell in homework.cells
    ]
    rows = [(row.name, row.does, row.output, row.params, row.macs) for row in homework.report.rows]
    settings = (
        homework.title,
        homework.note,
        homework.conventions,
        homework.policy,
        homework.depth,
        homework.language,
    )
    text = repr((homework.stamp, settings, homework.deadline, cells, rows))
    return sha256(text.encode()).hexdigest()


class Task(NamedTuple):
    """A student to judge: the record so far, the file's name and bytes.

    The record is `missing` where nothing was handed in, else `unreadable` until it was read.
    `refused` is why there are no bytes.  `key` tells this work from any other.
    """

    at: int
    graded: Graded
    name: str
    data: bytes
    key: str
    refused: str = ""


class Outcome(NamedTuple):
    """What became of a task: the record, the pages by suffix, and an error of the tool itself."""

    at: int
    key: str
    graded: Graded
    pages: dict[str, str]
    error: str = ""


def judge(source: HomeworkSource, task: Task, *, solution: bool) -> Outcome:
    """Judge one student's file.

    What cannot be read makes the record `unreadable`, and so does a failure of this program, which
    is told in `error`: one file never stops the others.
    """
    homework = homework_of(source, task.graded.student)
    error = ""
    try:
        return _judged(homework, task, solution=solution)
    except SpecErrors as refused:
        first = refused.problems[0]
        reason = f"{first.message}; {first.hint}" if first.hint else first.message
    except Exception as failure:  # noqa: BLE001  (the one place: every student gets a record)
        failed = " ".join(str(failure).split())[:200]
        error = f"{task.graded.student.id}: {type(failure).__name__}: {failed}"
        with speaking(homework.language):
            reason = say(
                "shapecalc failed on it ({error}), which is its own mistake",
                error=type(failure).__name__,
            )
    notes = (*task.graded.notes, reason)
    graded = task.graded._replace(status="unreadable", notes=notes)
    pages = feedback(homework, graded).by_suffix()
    return Outcome(task.at, task.key, graded, pages, error)


@in_its_language
def _judged(homework: Homework, task: Task, *, solution: bool) -> Outcome:
    if task.refused or task.graded.status == "missing":
        notes = (*task.graded.notes, task.refused) if task.refused else task.graded.notes
        graded = task.graded._replace(notes=notes)
        return Outcome(task.at, task.key, graded, feedback(homework, graded).by_suffix())
    checked = check(homework, read_answers(task.data, task.name))
    earned, out_of = checked.marks, checked.out_of
    unasked = (unasked_text(homework, checked.extras),) if checked.extras else ()
    graded = task.graded._replace(
        status="graded",
        earned=earned,
        marks=homework.deadline.marks(earned, out_of, task.graded.late),
        out_of=out_of,
        cells=marks_of(checked),
        notes=(*task.graded.notes, *checked.notes, *unasked),
    )
    pages = feedback(homework, graded, checked, solution=solution).by_suffix()
    return Outcome(task.at, task.key, graded, pages)


#: A cell's raw text is kept up to here.
RAW = 200


def marks_of(checked: Checked) -> tuple[MarkedCell, ...]:
    """Return the cells of a student as records."""
    first = say(CHANNELS_FIRST) in checked.notes
    conventions = checked.homework.conventions
    return tuple([_mark(conventions, judged, first=first) for judged in checked.cells])


@lru_cache(maxsize=8192)  # equal cells of a class are one record
def _mark(conventions: Conventions, judged: JudgedCell, *, first: bool) -> MarkedCell:
    cell = judged.cell
    graded = judged.verdict != "not_graded"
    right = value_text(cell.key, conventions)
    same = judged.verdict in ("right", "right_other_notation") or "S21" in _first(judged)
    return MarkedCell(
        intern(cell.layer),
        cell.quantity.key,
        judged.raw[:RAW],
        intern(judged.read_as),
        intern(right if same else _value(conventions, judged, first=first)),
        intern(right),
        judged.verdict,
        tuple(diagnosis.ids for diagnosis in judged.diagnoses),
        bool(judged.diagnoses) and judged.diagnoses[0].certain,
        judged.marks if graded else Fraction(0),
        cell.out_of if graded else Fraction(0),
        judged.follows,
    )


def _first(judged: JudgedCell) -> tuple[str, ...]:
    return judged.diagnoses[0].ids if judged.diagnoses else ()


def _value(conventions: Conventions, judged: JudgedCell, *, first: bool) -> str:
    """Write what was read in the key's notation: a volume in its order and without the batch."""
    read = judged.read_as
    if judged.cell.quantity.key != "output" or "x" not in read:
        return read
    text = read.removesuffix(_FIRST)
    dims = text.split("x")
    right = value_text(judged.cell.key, conventions).split("x")
    if len(dims) == len(right) + 1 and dims[0] == "1":
        dims = dims[1:]
    if (text != read or first) and conventions.layout != "chw" and len(dims) == len(right):
        dims = [*dims[1:], dims[0]]
    return "x".join(dims)


_FIRST = ", channels first"


#: Starting processes takes as long as judging so many students.
PAYS = 100
#: So many students go to a process at a time.
_CHUNK = 16


def outcomes(
    source: HomeworkSource, tasks: Iterable[Task], *, jobs: int, solution: bool
) -> Iterator[Outcome]:
    """Judge every task, by `jobs` processes where these pay; the order may be another."""
    tasks = iter(tasks)
    first = list(islice(tasks, PAYS if jobs > 1 else 0))
    every = chain(first, tasks)
    if jobs > 1 and len(first) == PAYS:
        yield from _by_processes(source, every, jobs, solution=solution)
    else:
        for task in every:
            yield judge(source, task, solution=solution)


def _by_processes(
    source: HomeworkSource, tasks: Iterator[Task], jobs: int, *, solution: bool
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
                waiting[pool.submit(_judge_all, source, chunk, solution=solution)] = chunk
                while len(waiting) > 2 * jobs:
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        yield from future.result()
                        del waiting[future]
            for future in list(waiting):
                yield from future.result()
                del waiting[future]
        except BrokenProcessPool:  # a process was ended from outside, as for want of memory
            lost = chain.from_iterable(waiting.values())
            for task in chain(lost, tasks):
                yield judge(source, task, solution=solution)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _begin() -> None:
    """Leave interrupting to the first process, which says what was kept, and end when it ends."""
    import signal
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the first process has ended, whatever ended it, and end at once."""
    import os
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _judge_all(source: HomeworkSource, tasks: Sequence[Task], *, solution: bool) -> list[Outcome]:
    return [judge(source, task, solution=solution) for task in tasks]
