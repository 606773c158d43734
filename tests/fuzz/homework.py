"""Try many mutated answers and homework files, and say what came of them.

    PYTHONPATH=. python tests/fuzz/homework.py --seconds 60 --seed 1

Every input must be judged and shown, or be refused with `SpecErrors`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from io import BytesIO
from zipfile import ZipFile

import shapecalc
from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment import assign
from shapecalc.homework.check import check
from shapecalc.homework.claims import against
from shapecalc.homework.load import read_answers
from shapecalc.homework.show import show
from shapecalc.homework.show.as_xlsx import to_xlsx
from shapecalc.homework.show.handout import handout
from shapecalc.homework.show.sheet import sheet
from shapecalc.homework.teacher import read_homework
from shapecalc.homework.variant_file import parse_variants
from shapecalc.source import Source

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
PARTS = [
    *(character.encode() for character in "x,;|\"'\n\t=0()[]{}:-#K@.%"),
    b"9" * 20, b"&a ", b"*a ", b"e9", b"^2", b"\x00", b"\xff", b"\xef\xbb\xbf", b"None",
    b"torch.Size(", b"layer", b"output", b"params", b"total", b"**", b"//", b"\xc2\xb2",
    b"\xe2\x88\x92", b"=cmd()", b"<b>", b"1/0", b"nan", b"inf", b"\xd9\xa3", b"!!",
]  # fmt: skip


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


def attempt(rng: random.Random, bases: list[tuple[bytes, str]]) -> str:
    """Try one input; return what came of it."""
    report = shapecalc.summarize("lenet5")
    try:
        if rng.random() < 0.15:
            text = mutated(rng, rng.choice((HOMEWORK, SEVERAL))).decode("utf-8", "replace")
            for format_ in ("text", "xlsx"):
                handout(read_homework(Source("homework.yaml", text)), format_, solution=True)
            return "homework read"
        if rng.random() < 0.05:
            parse_variants(
                Source("variants.csv", mutated(rng, VARIANTS).decode("utf-8", "replace"))
            )
            return "variants read"
        data, name = rng.choice(bases)
        changed = repacked(rng, data) if name.endswith(".xlsx") else mutated(rng, data)
        answers = read_answers(changed, name)
        homework = assign(report) if rng.random() < 0.5 else against(report, answers)
        checked = check(homework, answers)
        for format_ in rng.sample(("text", "json", "html", "markdown", "csv"), 1):
            show(checked, format_, hint=3, solution=rng.random() < 0.5)
    except SpecErrors as error:
        return f"refused {error.problems[0].code}"
    return "judged"


def main() -> None:
    """Run for a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    homework = assign(shapecalc.summarize("lenet5"))
    formats = (("csv", "a.csv"), ("markdown", "a.md"), ("yaml", "a.yaml"))
    bases = [(sheet(homework, each, solution=True).encode(), name) for each, name in formats]
    bases.append((JSON, "a.json"))
    bases.append((to_xlsx(homework, solution=True), "a.xlsx"))
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + given.seconds
    while time.monotonic() < end:
        outcomes[attempt(rng, bases)] += 1
    print(f"{sum(outcomes.values()):,} inputs")
    for outcome, count in outcomes.most_common():
        print(f"{count:9,}  {outcome}")


if __name__ == "__main__":
    main()
