"""Try many files of answers, and say what came of them.

    PYTHONPATH=. python tests/fuzz/homework.py --inputs 200000

Every input must be judged and shown, or be refused with `SpecErrors`, within the time limit.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
import traceback
from collections import Counter
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import shapecalc
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.claims import against
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.as_xlsx import to_xlsx
from shapecalc.homework.sheets.sheet import handout, sheet
from shapecalc.homework.variants.variant_list import parse_variants
from shapecalc.output.formats import write
from shapecalc.text import Source
from tests.fuzz.support import harmless, well_told

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis import Checked

HOMEWORK = b"""\
title: by hand
spec: lenet5
columns: [output, params, macs]
layers: [conv1, pool1]
given: {conv1: [output]}
points: {macs: 2, conv1: {params: 1/2}}
vary: {input: 28..44 step 4, conv1.kernel: [3, 5], fc1.units: [84, 96]}
windows: any
conventions: {bias: counted, kilobyte: 1024}
policy: {cap: 1/2, within: 3, deduct: once}
"""
SEVERAL = b"""\
specs: {small: lenet5, large: {spec: lenet5, input: 36x36x1}}
layers: [small/conv1, small/total, large/fc1, total]
accept: {small/conv1: {params: {150: "no biases"}, output: [30x30x6]}}
conventions: {digits: 3}
policy: {accepted: right}
"""
VARIANTS = b"student,stamp,input,conv1.kernel\ns1,0123abcd,32x32x1,5\ns2,0123abce,36x36x1,3\n"
JSON = b'{"conv1": {"output": [28, 28, 6], "params": 156}, "pool1": {"output": "14x14x6"}}'
NAMES = ("a.csv", "a.md", "a.yaml", "a.json", "a.txt", "a.tsv", "a", "a.pdf", "a.CSV")
PARTS = [
    *(character.encode() for character in "x,;|\"'\n\t=0()[]{}:-#K@.%"),
    b"9" * 20, b"&a ", b"*a ", b"e9", b"^2", b"\x00", b"\xff", b"\xef\xbb\xbf", b"None",
    b"torch.Size(", b"layer", b"output", b"params", b"total", b"**", b"//", b"\xc2\xb2",
    b"\xe2\x88\x92", b"=cmd()", b"<b>", b"1/0", b"nan", b"inf", b"\xd9\xa3", b"!!",
    b"06-Jun-256", b"3.09E+11", b"#REF!", b"%PDF-1.7", b"PK\x03\x04", b"\xff\xfe", b"\r", b"\x0c",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\x1b[31m", b"sep=;\n", b"1e999", b"---\n",
]  # fmt: skip
#: What cells are made of, at random.
WORDS = (
    "28x28x6", "(28, 28, 6)", "6@28x28", "28^2x6", "14 x 14 x 6", "156", "1,516", "1.516", "2 416",
    "5*5*6+6", "35K", "1.2e6", "1.16*10^6", "~", "=", "-", "–", "?", "n/a", "x", "*", "^", "(", ")",
    "[", "]", ",", ".", "'", "_", "@", "None", "batch", "torch.Size", "channels", "by", "about",
    "million", "KiB", "0", "1", "10", "999999999999", "1e18", "²", "×", "−", "\u00a0", "\u0663",
    "6-6-16", "06-Jun-16", "2016-06-06", "16:10", "1/2", "50%", "TRUE", "#NAME?", "=1+1", "+5", "-5",
)  # fmt: skip


@lru_cache(maxsize=1)
def bases() -> list[tuple[bytes, str]]:
    """Return files as students hand them in: worked solutions, and sheets of a simulated class."""
    from tests.homework.diagnosis.simulated.classes import CLASSES

    homework = assign(shapecalc.summarize("lenet5"))
    formats = (("csv", "a.csv"), ("markdown", "a.md"), ("yaml", "a.yaml"))
    found = [(sheet(homework, each, solution=True).encode(), name) for each, name in formats]
    found += [(JSON, "a.json"), (to_xlsx(homework, solution=True), "a.xlsx")]
    students = CLASSES[0].students(40, 7)
    renamed = [
        (who.data.replace(b"conv3", b"fc1").replace(b"fc8", b"total"), who.name) for who in students
    ]
    return found + renamed


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Insert, delete, replace and repeat some bytes."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        at, kind = rng.randrange(len(changed) + 1), rng.random()
        if kind < 0.5:
            changed[at:at] = rng.choice(PARTS)
        elif kind < 0.7:
            del changed[at : at + rng.randrange(1, 9)]
        elif kind < 0.9 and at < len(changed):
            changed[at] = rng.randrange(256)
        else:
            start = rng.randrange(len(changed) + 1)
            changed[at:at] = changed[start : start + rng.randrange(1, 40)]
    return bytes(changed)


def repacked(rng: random.Random, workbook: bytes) -> bytes:
    """Change the markup in a workbook, or the archive itself."""
    if rng.random() < 0.2:
        return mutated(rng, workbook)
    target = BytesIO()
    with ZipFile(BytesIO(workbook)) as source, ZipFile(target, "w") as archive:
        chosen = rng.choice(source.namelist())
        for name in source.namelist():
            data = source.read(name)
            archive.writestr(name, mutated(rng, data) if name == chosen else data)
    return target.getvalue()


def edited(rng: random.Random) -> tuple[bytes, str]:
    """Change a file that somebody may hand in."""
    data, name = rng.choice(bases())
    if name.endswith(".xlsx"):
        return repacked(rng, data), name
    return mutated(rng, data), name if rng.random() < 0.9 else rng.choice(NAMES)


def scrambled(rng: random.Random) -> tuple[bytes, str]:
    """Fill a table in with words put together."""
    rows = [["layer", "output", "params", "macs", "memory (KB)"]]
    for layer in ("conv1", "pool1", "conv2", "fc1", "total"):
        cells = ["".join(rng.choices(WORDS, k=rng.randrange(5))) for _ in range(4)]
        rows.append([layer, *cells])
    if rng.random() < 0.3:
        tree = {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[1:]}
        return json.dumps(tree).encode(), rng.choice(("a.json", "a.yaml"))
    separator = rng.choice(";\t|")
    text = "\n".join(separator.join(row) for row in rows)
    encoding = rng.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252"))
    return text.encode(encoding, "replace"), "a.md" if separator == "|" else "a.csv"


def noise(rng: random.Random) -> tuple[bytes, str]:
    """Return bytes, or the parts of files, in any order."""
    if rng.random() < 0.5:
        return rng.randbytes(rng.randrange(200)), rng.choice(NAMES)
    return b"".join(rng.choices(PARTS, k=rng.randrange(60))), rng.choice(NAMES)


KINDS = (edited, edited, edited, scrambled, scrambled, noise)


def attempt(seed: int) -> str:
    """Try the input of a seed; return what came of it."""
    rng = random.Random(seed)
    try:
        if rng.random() < 0.08:
            text = mutated(rng, rng.choice((HOMEWORK, SEVERAL))).decode("utf-8", "replace")
            for format_ in ("text", "xlsx"):
                handout(read_homework(Source("homework.yaml", text)), format_, solution=True)
            return "homework read"
        if rng.random() < 0.05:
            listed = mutated(rng, VARIANTS).decode("utf-8", "replace")
            parse_variants(Source("variants.csv", listed))
            return "variants read"
        data, name = rng.choice(KINDS)(rng)
        answers = read_answers(data, name)
        network = rng.choice(("lenet5", "alexnet"))
        report = _report(network)
        homework = _homework(network) if rng.random() < 0.5 else against(report, answers)
        checked = check(homework, answers)
        sound(checked)
        if rng.random() < 0.25:
            format_ = rng.choice(("text", "json", "html", "markdown", "csv"))
            text = write(checked, format_, hint=3, solution=rng.random() < 0.5)
            assert format_ == "csv" or harmless(text), "a text moves cursors"
            if format_ == "json":
                json.loads(text)
    except SpecErrors as error:
        well_told(error.problems)
        return f"refused {error.problems[0].code}"
    return "judged"


@lru_cache(maxsize=4)
def _report(network: str) -> shapecalc.Report:
    return shapecalc.summarize(network)


@lru_cache(maxsize=4)
def _homework(network: str):
    return assign(_report(network))


def sound(checked: Checked) -> None:
    """Check what holds for all verdicts: one a cell, and marks from none to full."""
    homework = checked.homework
    assert [each.cell for each in checked.cells] == list(homework.cells)
    for each in checked.cells:
        assert 0 <= each.marks <= each.cell.out_of
        full = each.verdict in ("right", "right_other_notation")
        assert each.marks == each.cell.out_of if full else True
        if each.verdict == "misconception":
            assert each.diagnoses
        if each.verdict == "unreadable":
            assert each.note
    assert 0 <= checked.marks <= checked.out_of


class TooSlowError(Exception):
    """An input took longer than the limit."""


def _alarm(*_: object) -> None:
    raise TooSlowError


def main() -> int:
    """Run many seeds; print the counts; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=5, help="seconds an input may take")
    given = parser.parse_args()
    signal.signal(signal.SIGALRM, _alarm)
    outcomes: Counter[str] = Counter()
    slowest, crashes, start = (0.0, 0), 0, time.perf_counter()
    bases()
    for seed in range(given.seed, given.seed + given.inputs):
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, given.limit)
        try:
            outcome = attempt(seed)
        except Exception as error:  # noqa: BLE001  (what escapes is what is looked for)
            outcome, crashes = f"crash: {type(error).__name__}", crashes + 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"seed {seed}: {error!r:.300} at {where.filename}:{where.lineno}", flush=True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        outcomes[outcome] += 1
        slowest = max(slowest, (time.perf_counter() - began, seed))
    seconds = time.perf_counter() - start
    print(f"inputs    {given.inputs:>9,} in {seconds:.0f} s")
    for outcome, count in outcomes.most_common():
        print(f"    {outcome:<20} {count:>9,}")
    print(f"slowest   {slowest[0]:.2f} s, seed {slowest[1]}")
    print(f"crashes   {crashes}")
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
