"""A folder of submissions and a roster to a graded class, written as it comes."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc import __version__
from shapecalc.errors import refuse
from shapecalc.homework.assignment.deadline import time_text, zone_of
from shapecalc.homework.classroom import Classroom, Graded, MarkedCell
from shapecalc.homework.classroom.folder import ArchiveError, Folder
from shapecalc.homework.classroom.intake import Clock, Intake, load_times, take_in
from shapecalc.homework.classroom.judging import Task, fingerprint, homework_of, outcomes, read_anew
from shapecalc.homework.classroom.last_run import keep_run, recall_run, whole_of
from shapecalc.homework.classroom.results import FILES, write_results
from shapecalc.homework.classroom.roster import deadline_of, load_roster
from shapecalc.homework.classroom.store import FILE as STATE
from shapecalc.homework.classroom.store import PAGES, State
from shapecalc.homework.diagnosis import OTHER_STAMP
from shapecalc.homework.languages import beginning, say, speaking
from shapecalc.text import Origin
from shapecalc.text.files import kept_alone, page_name
from shapecalc.text.safe import terminal_safe
from shapecalc.text.words import capital

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.classroom.intake import Submission
    from shapecalc.homework.classroom.judging import HomeworkSource
    from shapecalc.homework.classroom.roster import Roster


class Request(NamedTuple):
    """What to grade, and where to.

    `times` is a table of times, or `files` for the times of the files.  `solution`: the key may
    stand in the feedback.  `jobs`: the processes.  `encoding` is that of the two tables, if told.
    `summary`: only how the class stands is asked for, and no cells where nothing has changed.
    """

    source: HomeworkSource
    folder: str
    roster: str
    results: str
    times: str | None = None
    solution: bool = False
    jobs: int = 1
    encoding: str = ""
    summary: bool = False


class GradedRun(NamedTuple):
    """A graded class; how many records were kept from before, remarks, and own failures."""

    classroom: Classroom
    kept: int
    remarks: tuple[str, ...]
    doubts: tuple[str, ...]
    errors: tuple[str, ...]


def grade(
    request: Request, progress: Callable[[int], Callable[[], object]] | None = None
) -> GradedRun:
    """Grade a class and write its results.

    `progress` is told how many submissions there are and gives what is called for each.  A run that
    is interrupted goes on where it ended.  Raises `SpecErrors` for what is wrong with the homework,
    the roster, the folder or the place for the results; never for a submission.
    """
    read_anew()
    homework = homework_of(request.source)
    if homework.choices and request.source.variants is None:
        message = "the homework has variants, and nothing says which ones the class has"
        hint = "add --variants variants.csv, which `shapecalc homework variants` wrote"
        raise refuse("E752", message, Origin(request.source.source), hint)
    roster = load_roster(request.roster, request.encoding)
    results = _place(request)
    try:
        with kept_alone(results):
            run = _Run(request, homework, roster, State(results))
            if not (request.summary and run.is_as_before(results)):
                step = progress(len(roster.students)) if progress is not None else None
                run.judge(step)
                run.write(results)
            classroom = run.classroom
    except BlockingIOError:
        message = f"another run is writing into '{request.results}'"
        hint = "let it end, or name another folder with -o"
        raise refuse("E716", message, Origin.of_file(request.results), hint) from None
    except OSError as error:
        where = str(error.filename or results)
        message = f"'{where}' cannot be written: {error.strerror or error}"
        raise refuse("E007", message, Origin.of_file(where)) from None
    return GradedRun(classroom, run.kept, tuple(run.remarks()), homework.doubts, tuple(run.errors))


def _place(request: Request) -> Path:
    """Make the folder of the results.  Raises `SpecErrors` (E716, E007)."""
    results, folder = Path(request.results), Path(request.folder)
    origin = Origin.of_file(request.results)
    inside = results.resolve()
    if folder.resolve() in (inside, *inside.parents):
        message = "the results would lie among the submissions, and be graded the next time"
        raise refuse("E716", message, origin, "name a folder beside it")
    if results.exists() and not results.is_dir():
        message = f"'{request.results}' is a file, and the results are a folder"
        raise refuse("E716", message, origin, "name a folder")
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"'{request.results}' cannot be made: {error.strerror or error}"
        raise refuse("E007", message, origin) from None
    pages = results / PAGES
    held = (*results.iterdir(), *(pages.iterdir() if pages.is_dir() else ()))
    link = next((path for path in held if path.is_symlink()), None)
    if link is not None:
        message = f"'{link}' is a link, so results would be written elsewhere"
        hint = "take it away, or name another folder"
        raise refuse("E716", message, origin, hint)
    return results


class _Run:
    """One run over a class: what is known before, and what comes of it."""

    def __init__(self, request: Request, homework: Homework, roster: Roster, state: State) -> None:
        self.request, self.homework, self.roster, self.state = request, homework, roster, state
        self.deadline = homework.deadline
        zone = zone_of(homework.deadline)
        named = request.times not in (None, "files")
        self.clock = Clock(
            load_times(request.times, zone, request.encoding) if named and request.times else {},
            request.times == "files",
            zone,
        )
        own = {request.roster: "the roster", request.source.source.name: "the homework"}
        if named and request.times:
            own[request.times] = "the table of times"
        if request.source.variants is not None:
            own[request.source.variants.source] = "the list of variants"
        self.folder = Folder(request.folder, own)
        with speaking(homework.language):
            self.intake: Intake = take_in(self.folder, roster.students, self.clock, self._stamps())
        self.printed: tuple[Homework, str] = (homework, fingerprint(homework))
        taken: set[str] = set()
        with speaking(homework.language):
            places = range(len(roster.students))
            self.graded = [self._before(at, homework, taken) for at in places]
        self.keys: dict[int, str] = {}
        self.cells: dict[MarkedCell, MarkedCell] = {}  # equal ones are one, for large classes
        self.pages: set[str] = set()
        self.errors: list[str] = []
        self.kept = 0

    @property
    def classroom(self) -> Classroom:
        """The class as far as it is graded."""
        homework = self.homework
        return Classroom(homework.title, homework.stamp, tuple(self.graded), self.intake.leftovers)

    def is_as_before(self, results: Path) -> bool:
        """Tell whether the last run has done all this, and enter what came of it."""
        last = recall_run(results)
        if last is None or len(last.keys) != len(self.graded):
            return False
        for at, key in enumerate(last.keys):
            if self._task(at, self.intake.submissions.get(at)).key != key:
                return False
        if whole_of(self.classroom, last.keys) != last.whole:
            return False
        self.graded = last.records(self.graded)
        self.kept = sum(graded.status != "missing" for graded in self.graded)
        return True

    def write(self, results: Path) -> None:
        """Write what there is of the class beside the pages."""
        keys = [self.keys[at] for at in sorted(self.keys)]
        self.state.settle(keys, self.pages)
        write_results(self.classroom, results)
        if self.request.summary and not self.errors:  # another version may do better
            pages = (f"{PAGES}/{page}" for page in self.pages)
            reports = (f"report.{suffix}" for suffix in ("html", "md"))
            keep_run(results, self.classroom, keys, (*FILES, *reports, STATE, *pages))

    def _stamps(self) -> dict[str, frozenset[int]]:
        """Return whose each sheet is, where not all have the same."""
        own: dict[str, set[int]] = {}
        for at, student in enumerate(self.roster.students):
            own.setdefault(homework_of(self.request.source, student).stamp, set()).add(at)
        return {stamp: frozenset(places) for stamp, places in own.items()} if len(own) > 1 else {}

    def _before(self, at: int, homework: Homework, taken: set[str]) -> Graded:
        """Return a student's record before anything was judged."""
        student = self.roster.students[at]
        own = homework_of(self.request.source, student)
        cells = (c.out_of for c in own.cells if c.is_asked)
        out_of = sum(cells, Fraction(0))
        page = page_name(student.id, taken)
        deadline = deadline_of(student, homework.deadline, self.request.roster)
        submission = self.intake.submissions.get(at)
        if submission is None:
            return Graded(student, "missing", out_of=out_of, page=page)
        notes = list(submission.notes)
        late = deadline.hours(submission.time) if submission.time is not None else 0
        if submission.time is None and submission.marked:
            late = 1
            notes.append(say("marked late by Canvas, which says not how much; one hour is counted"))
        path = submission.handed.path if submission.handed is not None else ""
        return Graded(student, "unreadable", path, late, out_of=out_of, notes=tuple(notes),
                      page=page)  # fmt: skip

    def judge(self, step: Callable[[], object] | None) -> None:
        """Judge every submission, or take what was kept; what is new is kept at once."""
        request = self.request
        for outcome in outcomes(
            request.source, self._tasks(step), jobs=request.jobs, solution=request.solution
        ):
            self.state.keep(outcome)
            self._enter(outcome.at, outcome.key, outcome.graded, outcome.pages)
            if outcome.error:
                self.errors.append(outcome.error)
            if step is not None:
                step()

    def _enter(self, at: int, key: str, graded: Graded, suffixes: dict[str, str]) -> None:
        cells = tuple([self.cells.setdefault(cell, cell) for cell in graded.cells])
        self.graded[at] = graded._replace(cells=cells)
        self.keys[at] = key
        self.pages |= {f"{graded.page}.{suffix}" for suffix in suffixes}

    def _tasks(self, step: Callable[[], object] | None) -> Iterator[Task]:
        """Yield what is to be judged; what was kept is entered on the way."""
        for at, graded in enumerate(self.graded):
            task = self._task(at, self.intake.submissions.get(at))
            kept = self.state.recall(task.key)
            if kept is None or (kept.student, kept.page) != (graded.student, graded.page):
                yield task
                continue
            self._enter(at, task.key, kept, dict.fromkeys(("html", "md"), ""))
            self.kept += graded.status != "missing"
            if step is not None:
                step()

    def _task(self, at: int, submission: Submission | None) -> Task:
        """Read a submission, and name the work that it makes."""
        graded, data, refused = self.graded[at], b"", submission.undecided if submission else ""
        handed = submission.handed if submission else None
        if handed is not None:
            try:
                data = self.folder.read(handed)
            except ArchiveError as error:
                refused = str(error)
        name = terminal_safe(handed.parts[-1])[-100:] if handed is not None else ""
        homework = homework_of(self.request.source, graded.student)
        if homework is not self.printed[0]:
            self.printed = (homework, fingerprint(homework))
        what = (__version__, self.printed[1], graded, name, refused, self.request.solution)
        key = sha256(repr(what).encode() + b"\0" + data).hexdigest()
        return Task(at, graded, name, data, key, refused)

    def remarks(self) -> Iterator[str]:
        """Yield what the summary says beside the numbers."""
        yield from (f"{capital(note)}." for note in self.roster.notes)
        if self.deadline.last is not None:
            untimed = sum(submission.time is None and not submission.marked
                          for submission in self.intake.submissions.values())  # fmt: skip
            yield f"Due {time_text(self.deadline.last)}."
            if untimed:
                yield (
                    f"{untimed} of {len(self.intake.submissions)} submissions come without a time,"
                    " and count as in time; --times says when they came."
                )
        with speaking(self.printed[0].language):
            stamped = beginning(OTHER_STAMP)
        strange = [
            graded.student.id
            for graded in self.graded
            if any(stamped in note for note in graded.notes)
        ]
        if strange:
            shown = ", ".join(map(terminal_safe, strange[:_NAMED])) + ", ..." * (
                len(strange) > _NAMED
            )
            yield f"Sheets of another homework, by their stamps: {shown}. Is it the right file?"
        if self.kept:
            yield f"{self.kept} were graded before and are as they were."


#: So many students are named in a remark.
_NAMED = 8
