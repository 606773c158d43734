"""Right answers as the world writes them, and wrong ones in the same notations.

Every notation says what it states: a value, and half a unit of its last place, so that what is
rounded is known to hold the right value, or to miss it.

    PYTHONPATH=. python tests/fuzz/notations.py 100000 [SEED]

tries so many right cells and wrong ones and prints what was judged otherwise;
tests/homework/answers/test_notations.py tries a few.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc import summarize
from shapecalc.homework.answers import AnswerCell, Answers
from shapecalc.homework.assignment.conventions import Conventions
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import check
from shapecalc.layers.shape import Map, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import AskedCell, Homework

COLUMNS = ("output", "units", "params", "macs", "memory", "rf")


class Stated(NamedTuple):
    """A text, and the numbers from which to which it may stand for."""

    text: str
    value: Fraction
    half: Fraction = Fraction(0)

    def holds(self, number: int | Fraction) -> bool:
        """Tell whether a number is as the text says."""
        return abs(self.value - number) <= self.half


MARKS = (",", ".", " ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{THIN SPACE}", "'",
         "\N{RIGHT SINGLE QUOTATION MARK}", "_", "{,}", r"\,")  # fmt: skip
#: Prefixes and words for powers of ten: English, German, Spanish and French ones, signs of China.
SCALES = {
    10**3: ("K", "k", "thousand", "Tsd.", "tausend", "mil", "mille"),
    10**6: ("M", "million", "Mio.", "Millionen", "mill.", "millones", "millions", "mln"),
    10**9: ("G", "B", "billion", "Mrd.", "Milliarden", "mil millones", "milliards", "bn"),
    10**4: ("\N{CJK UNIFIED IDEOGRAPH-4E07}",),
    10**8: ("\N{CJK UNIFIED IDEOGRAPH-4EBF}",),
}
NAMES = {
    "params": ("params", "parameters", "Parameter", "parámetros", "paramètres"),
    "macs": ("MACs", "macs", "operations", "Operationen", "operaciones", "mult-adds"),
    "units": ("units", "neurons", "Neuronen", "neuronas", "neurones", "activations", "elements"),
    "memory": ("bytes", "Bytes", "B", "octets"),
    "rf": ("px", "pixels", "Pixel", "píxeles"),
}
ASIDES = ("(incl. biases)", "(with bias)", "(mit Bias)", "(con sesgo)", "[see notes]", "(approx.)")
ABOUT = (
    "~",
    "\N{ALMOST EQUAL TO}",
    "approx. ",
    "ca. ",
    "about ",
    "etwa ",
    "aprox. ",
    "environ ",
    r"\~",
)
TIMES = ("*", " * ", "x", " x ", "\N{MULTIPLICATION SIGN}", " \N{MULTIPLICATION SIGN} ",
         "\N{DOT OPERATOR}", "\N{MIDDLE DOT}", r"\*", r" \times ", r"\cdot ", "&times;",
         "\N{CYRILLIC SMALL LETTER HA}", " \N{CYRILLIC CAPITAL LETTER HA} ",
         "\N{N-ARY TIMES OPERATOR}")  # fmt: skip
#: What stands behind an answer without brackets, and marks of doubt.
WITH = (" with bias", " incl. biases", " including biases", " mit Bias", " inkl. Bias", " con sesgo",
        " avec biais", ", with all biases", " w/ bias")  # fmt: skip
DOUBTS = ("?", " ?", "??", "!", " (?)")
#: Prefixes of bytes in full.
BYTES = {
    1000: (("kilobytes", "kilooctets"), ("megabytes", "Megabyte", "m\xe9gaoctets"), ("gigabytes",)),
    1024: (("kibibytes",), ("mebibytes", "Mebibyte"), ("gibibytes",)),
}
SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _raised(rng: random.Random, number: int) -> str:
    """Write an exponent in one of its typesettings."""
    return rng.choice(
        (
            f"^{number}", f"**{number}", str(number).translate(SUPER), f"<sup>{number}</sup>",
            f"^{number}^", f"^{{{number}}}", f"\\textsuperscript{{{number}}}",
        )
    )  # fmt: skip


def _grouped(rng: random.Random, number: int) -> str:
    if rng.random() < 0.3:
        return str(number)
    return f"{number:,}".replace(",", rng.choice(MARKS))


def _in_full(rng: random.Random, number: int) -> Stated:
    text = _grouped(rng, number)
    if rng.random() < 0.1:
        text = rng.choice((f"{number:,}.00", f"{number:,}.0", f"{number}.0", f"{number},0"))
    return Stated(text, Fraction(number))


def _scaled(rng: random.Random, number: int, column: str) -> Stated:
    """Write a number by a prefix or a power, rounded."""
    scale = rng.choice([scale for scale in SCALES if scale <= 10 * number] or [10**3])
    places = rng.randint(0, 4)
    base = scale
    binary = column == "memory" and scale in (10**3, 10**6, 10**9)
    if binary and rng.random() < 0.5:
        base = 1024 ** {10**3: 1, 10**6: 2, 10**9: 3}[scale]
    digits = round(Fraction(number, base) * 10**places)
    shown = f"{digits // 10**places}"
    if places:
        shown += rng.choice(".,") + f"{digits % 10**places:0{places}}"
    value, half = Fraction(digits * base, 10**places), Fraction(base, 2 * 10**places)
    if not digits:
        return _in_full(rng, number)
    if column != "memory" and rng.random() < 0.3:
        power = len(str(scale)) - 1
        sign = rng.choice((" x ", "*", "\N{MULTIPLICATION SIGN}", "\N{DOT OPERATOR}", r" \times "))
        short = rng.choice((f"e{power}", f"E{power}", f"{sign}10{_raised(rng, power)}"))
        return Stated(shown + short, value, half)
    word = rng.choice(SCALES[scale])
    if base != scale or (column == "memory" and binary):
        word = {10**3: "K", 10**6: "M", 10**9: "G"}[scale]
        iec = base != scale and rng.random() < 0.5
        power = {"K": 0, "M": 1, "G": 2}[word]
        word += ("i" if iec else "") + rng.choice(("B", "B", "b"))
        if rng.random() < 0.3:
            word = " " + rng.choice(BYTES[1024 if base != scale else 1000][power])
    elif column == "macs" and word in "KMG" and rng.random() < 0.5:
        word += rng.choice(("Mac", "MACs", "MAC", "Macs"))
    return Stated(shown + rng.choice(("", " ", "\N{NO-BREAK SPACE}")) + word, value, half)


def _worked_out(rng: random.Random, number: int) -> str:
    """Write a number as a calculation."""
    factors, rest = [], number
    for prime in (2, 3, 5, 7, 11, 13, 96, 128):
        while rest % prime == 0 and len(factors) < 5 and rest > 1:
            factors.append(prime)
            rest //= prime
    factors.append(rest)
    sign = rng.choice(TIMES)
    squared = [prime for prime in dict.fromkeys(factors) if factors.count(prime) > 1]
    if squared and rng.random() < 0.15:  # as typed, two powers in a text, too
        powers = [f"{prime}^{factors.count(prime)}" for prime in squared]
        return "*".join([*powers, *(str(each) for each in factors if each not in squared)])
    kind = rng.random()
    if kind < 0.4 or number < 20:
        return sign.join(map(str, factors))
    bias = rng.randint(1, 9)
    if kind < 0.7:
        return f"{_worked_out(rng, number - bias)} + {bias}"
    return f"({rest - 1}+1){sign}{number // rest}" if rest > 2 else str(number)


def _otherwise(rng: random.Random, number: int, column: str) -> str:
    """Write a number in full as fewer do."""
    worked = _worked_out(rng, number).replace("=", "")
    ways = [hex(number), hex(number).upper().replace("0X", "0x"), f"{number} (={worked})",
            f"{number} (= {worked})", f"{number} ({worked} = {number})", f"{_grouped(rng, number)}?",
            f"{number}{rng.choice(DOUBTS)}", f"{number:,}{rng.choice(WITH)}"]  # fmt: skip
    if column == "memory" and number % 4 == 0:
        ways += [f"{number // 4:,}{sign}4 {word}" for sign in (" x ", "*", " \N{MULTIPLICATION SIGN} ")
                 for word in ("bytes", "Byte", "octets", "B")]  # fmt: skip
        ways += [f"4 bytes x {number // 4}", f"{number // 4} elements * 4 bytes"]
    return rng.choice(ways)


def count(rng: random.Random, number: int, column: str) -> Stated:
    """Write a number in some notation."""
    if number > 1 and rng.random() < 0.15:
        return Stated(typeset(rng, _otherwise(rng, number, column)), Fraction(number))
    kind = rng.random()
    names = NAMES[column]
    if kind < 0.3 or not number:
        stated = _in_full(rng, number)
    elif kind < 0.6:
        stated = _scaled(rng, number, column)
    elif kind < 0.75:
        stated = Stated(_worked_out(rng, number), Fraction(number))
    else:
        right = _scaled(rng, number, column) if rng.random() < 0.3 else _in_full(rng, number)
        sign = (
            rng.choice(("=", " = ", " → ", " => ")) if not right.half else " \N{ALMOST EQUAL TO} "
        )
        text = f"{_worked_out(rng, number)}{sign}{right.text}"
        if not right.half and rng.random() < 0.3:
            text = f"{right.text} = {_worked_out(rng, number)}"
        stated = right._replace(text=text)
    if stated.half and rng.random() < 0.3 and kind < 0.6:
        stated = stated._replace(text=rng.choice(ABOUT) + stated.text)
    if (
        kind < 0.6
        and rng.random() < 0.3
        and not stated.text.endswith(("B", "b", "byte", "bytes", "octets"))
    ):
        of = rng.choice((" ", " ", " de ", " of ")) if stated.half else " "
        stated = stated._replace(text=f"{stated.text}{of}{rng.choice(names)}")
        if rng.random() < 0.2:
            stated = stated._replace(text=stated.text + rng.choice(WITH))
    if kind < 0.6 and rng.random() < 0.1:
        stated = stated._replace(text=f"{stated.text} {rng.choice(ASIDES)}")
    elif kind < 0.3 and rng.random() < 0.1:
        stated = stated._replace(
            text=rng.choice(("({})", "[{}]", "= {}", "{}.")).format(stated.text)
        )
    return stated._replace(text=typeset(rng, stated.text))


def side(rng: random.Random, number: int) -> Stated:
    """Write a receptive field, also along several sides."""
    forms = (
        f"{number}x{number}", f"{number} \N{MULTIPLICATION SIGN} {number}", f"{number}²", f"{number}^2",
        f"({number}, {number})", f"{number} by {number}", f"{number}x{number} px", f"{number} px",
        str(number), f"${number} \\times {number}$", f"{number}<sup>2</sup>",
        f"{number} \N{MULTIPLICATION SIGN} {number} (pixels)", f"{number}x{number} (px)", f"{number}?",
        f"{number}\N{CYRILLIC SMALL LETTER HA}{number}", f"{number} ({number}x{number})",
        f"~{number}x{number}", f"{number}x{number}?", f"{number}x{number} = {number * number}",
    )  # fmt: skip
    return Stated(rng.choice(forms), Fraction(number))


def typeset(rng: random.Random, text: str) -> str:
    """Set a text as a program would."""
    tex = "\\times" in text or "\\cdot" in text or "{" in text or "\\," in text
    kind = rng.random()
    if tex:
        return rng.choice((f"${text}$", f"\\({text}\\)", f"$ {text} $"))
    if kind < 0.6:
        return text
    wraps = ("**{}**", "<b>{}</b>", "{}<br>", "<span style='color:red'>{}</span>", " {} ", '"{}"',
             "<p>{}</p>")  # fmt: skip
    if "*" not in text and "`" not in text:
        wraps += ("*{}*", "`{}`", "_{}_")
    return rng.choice(wraps).format(text)


def volume(rng: random.Random, dims: tuple[int, ...], *, swaps: bool = True) -> str:
    """Write a volume in some notation; only where the axes say so with the channels first."""
    if len(dims) == 1:
        (n,) = dims
        forms = (str(n), f"{n:,}", f"1x1x{n}", f"({n},)", f"[{n}]", f"(None, {n})", f"[1, {n}]",
                 f"torch.Size([1, {n}])", f"{n} units", f"${n}$", f"1 x {n}", f"({n})")  # fmt: skip
        return rng.choice(forms)
    *sides, channels = dims
    sign = rng.choice(("x", " x ", "X", "\N{MULTIPLICATION SIGN}", " \N{MULTIPLICATION SIGN} ", ", ",
                       " by ", "*", "\N{MIDDLE DOT}", r"\times ", r" \times ", "&times;", r"\*",
                       "\N{CYRILLIC SMALL LETTER HA}", " \N{CYRILLIC SMALL LETTER HA} "))  # fmt: skip
    if len(set(sides)) == 1 and rng.random() < 0.15:
        mark = rng.choice(("x", " \N{MULTIPLICATION SIGN} ", r" \times "))
        text = f"{sides[0]}{_raised(rng, len(sides))}{mark}{channels}"
        return typeset(rng, text)
    kind = rng.random()
    first = sign.join(map(str, (channels, *sides)))
    last = sign.join(map(str, dims))
    if kind < 0.4:
        text = last
    elif kind < 0.5:
        inner = ", ".join(map(str, dims))
        text = rng.choice(("({})", "[{}]", "(None, {})", "[1, {}]", "TensorShape([None, {}])",
                           "(128, {})", "(batch, {})")).format(inner)  # fmt: skip
    elif kind < 0.6:
        text = rng.choice((f"{channels}@{sides[0]}x{sides[1]}", f"{channels} maps of {sides[0]}x{sides[1]}",
                           f"{channels} feature maps {sides[0]}\N{MULTIPLICATION SIGN}{sides[1]}",
                           f"{sides[0]}x{sides[1]}, {channels} channels", f"{sides[0]}x{sides[1]}@{channels}"))  # fmt: skip
    elif kind < 0.7:
        text = rng.choice((f"{last} (HWC)", f"{first} (CHW)", f"{last} (H x W x C)", f"{first} (C, H, W)",
                           f"{last} (channels last)", f"{first} channels first"))  # fmt: skip
    elif kind < 0.75:
        h, w = sides
        text = rng.choice((f"H={h}, W={w}, C={channels}", f"{h} (H) x {w} (W) x {channels} (C)",
                           f"height {h}, width {w}, depth {channels}", f"C: {channels}, H: {h}, W: {w}"))  # fmt: skip
    elif kind < 0.85:
        inner = ", ".join(map(str, (channels, *sides)))
        text = rng.choice((f"torch.Size([1, {inner}])", f"torch.Size([{inner}])", f"{last} (after ReLU)",
                           f"output: {last}", f"{last} units", f"{last}."))  # fmt: skip
    else:
        product = 1
        for extent in dims:
            product *= extent
        turned = sign.join(map(str, (sides[1], sides[0], channels)))
        text = rng.choice((f"{last} ({product})", f"{last} ({product} neurons)",
                           f"{sides[0]}x{sides[1]}x{channels} ((2*{sides[0]}-2)/2+1={sides[0]})",
                           f"{turned} (W x H x C)", f"{sides[0]}x{sides[1]}, depth {channels}",
                           f"{sides[0]}x{sides[1]}x{channels}, {product}", f"{last} \N{CHECK MARK}", f"{last} ({product:,})", f"~{last}", f"ca. {last}",
                           *([f"{last}?"] if sign != ", " else []), f"{last} with padding",
                           f"{sides[0]}x{sides[1]} ({channels})", f"{channels} ({sides[0]}x{sides[1]})",
                           f"{last} = {product:,}", f"{product} = {last}",
                           f"({2 * sides[0]}-2)/2+1 = {sides[0]} → {last}"))  # fmt: skip
    return typeset(rng, text)


@lru_cache(maxsize=8)
def homework(column: str) -> Homework:
    """Return the homework that asks one column of AlexNet, in sums too where there are any."""
    report = summarize("alexnet")
    layers = [*(cell.layer for cell in assign(report, columns=(column,)).cells)]
    layers += (
        ["total"] if column not in ("output", "memory", "rf") and "total" not in layers else []
    )
    return assign(
        report, columns=(column,), layers=dict.fromkeys(layers), conventions=Conventions()
    )


def _cells(column: str) -> list[AskedCell]:
    return [cell for cell in homework(column).cells if cell.key is not None]


def right(rng: random.Random, cell: AskedCell) -> str:
    """Write the right answer of a cell in some notation."""
    column, key = cell.quantity.key, cell.key
    if column == "output":
        assert key is not None
        assert not isinstance(key, int)
        return volume(rng, tuple(int(str(extent)) for extent in whole(key)))
    assert isinstance(key, int)
    stated = side(rng, key) if column == "rf" else count(rng, key, column)
    assert stated.holds(key), stated
    return stated.text


def wrong(rng: random.Random, cell: AskedCell) -> str:
    """Write a wrong answer of a cell in some notation."""
    column, key = cell.quantity.key, cell.key
    if column == "output":
        assert key is not None
        assert not isinstance(key, int)
        dims = [int(str(extent)) for extent in whole(key)]
        other = list(dims)
        while sorted(other) == sorted(dims):
            at = rng.randrange(len(dims))
            other[at] = max(2, other[at] + rng.choice((-2, -1, 1, 2, 10)))
            if isinstance(key, Map) and rng.random() < 0.5:  # both sides, as most do
                other[:-1] = [other[0]] * (len(other) - 1)
        return volume(rng, tuple(other))
    assert isinstance(key, int)
    while True:
        number = max(
            1, key + rng.choice((-1, 1)) * rng.randint(1, max(2, key // rng.choice((3, 50, 5000))))
        )
        stated = side(rng, number) if column == "rf" else count(rng, number, column)
        near = (key, *(key * Fraction(1000, 1024) ** power for power in (-3, -2, -1, 1, 2, 3)))
        if not any(map(stated.holds, near if column == "memory" else near[:1])):
            return stated.text


class Misjudged(NamedTuple):
    """A cell that was judged otherwise than it is."""

    column: str
    layer: str
    text: str
    verdict: str
    read_as: str
    key: str


def misjudged(count: int, seed: int, *, meant: bool) -> Iterator[Misjudged | None]:
    """Judge so many cells, right ones if `meant`; None for every cell as it should be.

    Every column's cells are one sheet.  Wrong ones are judged one in a sheet, as nothing else then
    makes them right.
    """
    rng = random.Random(seed)
    done = 0
    while done < count:
        column = rng.choice(COLUMNS)
        asked = _cells(column)
        chosen = asked if meant else [rng.choice(asked)]
        cells = tuple(
            AnswerCell(cell.layer, cell.quantity, (right if meant else wrong)(rng, cell), "")
            for cell in chosen
        )
        rows = tuple(cell.layer for cell in chosen)
        answers = Answers("generated", cells, rows, (chosen[0].quantity,))
        judged = {cell.cell.at: cell for cell in check(homework(column), answers).cells}
        for answer, cell in zip(cells, chosen, strict=True):
            done += 1
            verdict = judged[cell.at]
            told = verdict.verdict.startswith("right") and not verdict.diagnoses
            if told == meant and verdict.verdict != "blank":
                yield None
                continue
            yield Misjudged(
                column, cell.layer, answer.raw, verdict.verdict,
                verdict.read_as or verdict.note, str(cell.key),
            )  # fmt: skip


def main() -> None:
    """Try many cells and print what was judged otherwise."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for meant in (True, False):
        results = list(misjudged(count, seed, meant=meant))
        bad = [result for result in results if result is not None]
        kinds = Counter((result.column, result.verdict) for result in bad)
        kind = "right" if meant else "wrong"
        sys.stdout.write(f"{kind} cells: {len(results):,}; otherwise: {len(bad)} {dict(kinds)}\n")
        for result in bad[:40]:
            sys.stdout.write(f"   {' '.join(result)}\n")


if __name__ == "__main__":
    main()
