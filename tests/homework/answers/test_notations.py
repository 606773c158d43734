"""Cells as the world writes them are read as meant, and what is wrong stays wrong."""

from __future__ import annotations

from fractions import Fraction

import pytest

from shapecalc import summarize
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.notation import Blank, ReadExtents, ReadNumber, Unreadable
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.assignment.notation.volumes import read_side, read_volume
from shapecalc.homework.diagnosis.check import check
from tests.fuzz.notations import misjudged


@pytest.mark.parametrize("meant", [True, False], ids=["right", "wrong"])
def test_every_notation_is_judged_by_what_it_states(meant: bool) -> None:
    assert [result for result in misjudged(1000, 17, meant=meant) if result is not None] == []


def numbers(text: str, **settings: int | str) -> tuple[ReadNumber, ...]:
    read = read_number(text, **settings)  # type: ignore[arg-type]
    assert not isinstance(read, Unreadable | Blank), (text, read)
    return read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"$34{,}944$", 34_944),
        (r"\(34\,944\)", 34_944),
        (r"\num{34944}", 34_944),
        (r"11\*11\*3\*96 + 96", 34_944),
        (r"$11^{2}\cdot 3\cdot 96+96=34{,}944$", 34_944),
        (r"$34{,}944 \text{ parameters}$", 34_944),
        ("34&nbsp;944", 34_944),
        ("34,944<br>", 34_944),
        ("34,944 = 96*(11*11*3+1)", 34_944),
        ("96(11*11*3+1)", 34_944),
        ("(11·11·3+1)·96", 34_944),
        ("34.848 + 96", 34_944),
        ("34,848 weights + 96 biases", 34_944),
        ("34,944 (34,848 + 96)", 34_944),
        ("614,656 (incl. biases)", 614_656),
        ("params: 34,944", 34_944),
        ("34,944 parameters in total", 34_944),
        ("34944 → 34.9K", 34_944),
        ("10,54,15,200", 105_415_200),
        ("2^10", 1024),
        ("~~34,848~~ 34,944", 34_944),
        ("<del>34,848</del> 34,944", 34_944),
        ("34,944.00", 34_944),
        ("34.944,0", 34_944),
        ("290,400 × 4 bytes", 1_161_600),
        ("4 bytes × 290,400", 1_161_600),
        ("290,400 elements x 4 B", 1_161_600),
        ("34,944 with bias", 34_944),
        ("34.944 mit Bias", 34_944),
        ("34,944 params incl. biases (see notes)", 34_944),
        ("34,944 weights and biases", 34_944),
        ("34944 (=11*11*3*96+96)", 34_944),
        ("34944 ((11*11*3+1)*96 = 34944)", 34_944),
        ("34,944?", 34_944),
        ("34944 ??", 34_944),
        ("11\u044511\u04453\u044596+96", 34_944),
        ("0x8880", 34_944),
        ("0 x 8880", 0),
        ("34,944 ✓", 34_944),
        ("34944,-", 34_944),
        ("0, pooling has no weights", 0),
        ("4 B × 290,400 (float32)", 1_161_600),
        ("34944 параметров", 34_944),
        ("34\u060c944", 34_944),
    ],
)
def test_whole_numbers_are_what_is_shown(text: str, value: int) -> None:
    assert (numbers(text)[0].value, numbers(text)[0].half) == (value, 0)


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("105.4 MMac", 105_400_000, 50_000),
        ("1.14 GMac", 1_140_000_000, 5_000_000),
        ("≈ 62.4M", 62_400_000, 50_000),
        (r"\~615K", 615_000, 500),
        ("1.05 x 10^8^", 105_000_000, 500_000),
        ("1.05×10<sup>8</sup>", 105_000_000, 500_000),
        ("1.05×10⁸", 105_000_000, 500_000),
        (r"$1.05 \times 10^{8}$", 105_000_000, 500_000),
        ("62,4 Mio. Parameter", 62_400_000, 50_000),
        ("62,4 millones", 62_400_000, 50_000),
        ("1,1 milliards", 1_100_000_000, 50_000_000),
        ("35 mil", 35_000, 500),
        ("35 (K)", 35_000, 500),
        ("3.5万", 35_000, 500),
        ("1.11 megabytes", 1_110_000, 5_000),
        ("1,11 mégaoctets", 1_110_000, 5_000),
        ("1.5 mebibytes", Fraction(3 * 2**20, 2), Fraction(2**20, 20)),
        ("1.11 MiB (megabytes)", Fraction(111 * 2**20, 100), Fraction(2**20, 200)),
        ("105,4 millions de MACs", 105_400_000, 50_000),
        ("105,4 millions d’opérations", 105_400_000, 50_000),
        ("105.4 mega MACs", 105_400_000, 50_000),
        ("35\u041a", 35_000, 500),
        ("105,4 млн", 105_400_000, 50_000),
        ("105M MACs per image", 105_000_000, 500_000),
    ],
)
def test_rounded_numbers_keep_their_precision(text: str, value: int, half: int) -> None:
    assert (numbers(text)[0].value, numbers(text)[0].half) == (value, half)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("614,400 (+256)", "two numbers"),
        ("34,944 (34,848)", "two numbers"),
        ("614,400 (+ biases)", "to be added"),
        ("~~34,944~~", "struck through"),
        ("<s>34,944</s>", "struck through"),
        (r"\sout{34944}", "struck through"),
        ("34944 or 34848", "cannot be computed"),
        ("34,848 with 96 biases", "cannot be computed"),
        ("34944 (=11*11*3*96)", "two numbers"),
        ("96*0x16", "a product, or to base 16"),
        ("=", "no number"),
    ],
)
def test_what_may_mean_two_things_is_a_question(text: str, reason: str) -> None:
    read = read_number(text)
    assert isinstance(read, Unreadable)
    assert reason in read.reason


def test_a_number_in_full_under_a_heading_with_a_unit() -> None:
    scaled, full = numbers("105,415,200", unit="M")
    assert scaled.value == 105_415_200 * 10**6
    assert (full.value, full.note) == (105_415_200, "read in full, without the M of the heading")


@pytest.mark.parametrize(
    ("text", "kilobyte", "value", "other"),
    [
        ("34944 B", 0, 34_944, False),
        ("34,944 b", 0, 34_944, False),
        ("9.293 Mb", 1000, 1_161_625, True),
        ("1.1340 Mb", 1024, Fraction(11_340 * 131_072, 10_000), True),
    ],
)
def test_a_b_is_a_billion_or_bytes_or_bits(
    text: str, kilobyte: int, value: Fraction, other: bool
) -> None:
    """No number that is right is called wrong for the letter behind it."""
    read = numbers(text, kilobyte=kilobyte)
    assert (value, other) in [(number.value, number.other) for number in read]
    assert read[0].value > value


@pytest.mark.parametrize(
    ("text", "dims", "first"),
    [
        (r"$55\times55\times96$", (55, 55, 96), None),
        (r"\(27\times 27\times 256\)", (27, 27, 256), None),
        (r"$\mathbb{R}^{55 \times 55 \times 96}$", (55, 55, 96), None),
        ("55 × 55 × 96 (HWC)", (55, 55, 96), False),
        ("96 × 55 × 55 (CHW)", (96, 55, 55), True),
        ("96 x 55 x 55 (C, H, W)", (96, 55, 55), True),
        ("55x55x96 (after ReLU)", (55, 55, 96), None),
        ("55²x96", (55, 55, 96), None),
        ("55<sup>2</sup>x96", (55, 55, 96), None),
        ("55^2^x96", (55, 55, 96), None),
        ("H=55, W=55, C=96", (55, 55, 96), False),
        ("C: 96, H: 55, W: 55", (55, 55, 96), False),
        ("Höhe 55, Breite 55, Tiefe 96", (55, 55, 96), False),
        ("55 (H) x 55 (W) x 96 (C)", (55, 55, 96), False),
        ("96 feature maps 55x55", (96, 55, 55), True),
        ("55x55@96", (55, 55, 96), False),
        ("55x55 with 96 channels", (55, 55, 96), False),
        ("(227-11)/4+1 = 55 → 55x55x96", (55, 55, 96), None),
        ("55x55x96 = 290,400", (55, 55, 96), None),
        ("output: 55x55x96.", (55, 55, 96), None),
        ("55px × 55px × 96", (55, 55, 96), None),
        ("~~54x54x96~~ 55x55x96", (55, 55, 96), None),
        ("55x55 (96)", (55, 55, 96), False),
        ("96 (55x55)", (96, 55, 55), True),
        ("55x55x96 (290,400)", (55, 55, 96), None),
        ("~55x55x96", (55, 55, 96), None),
        ("about 55x55x96", (55, 55, 96), None),
        ("55x55x96?", (55, 55, 96), None),
        ("55x55x96 with padding", (55, 55, 96), None),
        ("55x55 mit 96 Kanälen", (55, 55, 96), False),
        ("55\u044555\u042596", (55, 55, 96), None),
        ("55x55, depth 96", (55, 55, 96), False),
        ("55x55 (depth 96)", (55, 55, 96), False),
        ("55 wide, 55 high, 96 deep", (55, 55, 96), False),
        ("96 channels of 55 x 55 each", (96, 55, 55), True),
        ("55x55, 96ch", (55, 55, 96), False),
        ("55 times 55 times 96", (55, 55, 96), None),
        ("55:55:96", (55, 55, 96), None),
        ("55, 55 and 96", (55, 55, 96), None),
        ("a 55x55x96 volume", (55, 55, 96), None),
        ("55x55x96 (290400 neurons)", (55, 55, 96), None),
        ("55x55x96, 290400", (55, 55, 96), None),
        ("1x1, 1", (1, 1, 1), None),
        ("✓ 55 ✗ 55 ✗ 96", (55, 55, 96), None),
        ("\u27e855,55,96\u27e9", (55, 55, 96), None),
        ("4096-dim vector", (4096,), None),
        ("vector of 4096", (4096,), None),
        ("1000 classes", (1000,), None),
    ],
)
def test_volumes_are_what_is_shown(
    text: str,
    dims: tuple[int, ...],
    first: bool | None,
) -> None:
    read = read_volume(text)
    assert not isinstance(read, Unreadable | Blank), (text, read)
    assert isinstance(read[0], ReadExtents)
    assert (read[0].dims, read[0].channels_first) == (tuple(map(Fraction, dims)), first)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "51x51",
            "51²",
            "51^2",
            "(51, 51)",
            "51 px",
            "51 by 51",
            "$51\\times51$",
            "~51x51",
            "51?",
        ),
        *("51 × 51 (pixels)", "51x51 (px).", "51 (51x51)", "51 (=51x51)", "51\u044551", "0x33"),
    ],
)
def test_a_receptive_field_may_be_written_for_every_side(text: str) -> None:
    read = read_side(text)
    assert not isinstance(read, Unreadable | Blank), (text, read)
    assert [number.value for number in read] == [51]


@pytest.mark.parametrize("text", ["51 x 51 = 2601", "51² = 2601", "51x51 = 51²"])
def test_the_area_of_a_receptive_field_may_stand_behind_it(text: str) -> None:
    read = read_side(text)
    assert not isinstance(read, Unreadable | Blank)
    assert read[0].value == 51


@pytest.mark.parametrize(
    ("text", "dims", "first"),
    [
        ("40 x 30 x 16 (W x H x C)", (30, 40, 16), False),
        ("40x30x16 WHC", (30, 40, 16), False),
        ("16x40x30 (C, W, H)", (16, 30, 40), True),
        ("16x30x40 (DxHxW)", (16, 30, 40), True),
        ("30x40x16 (height x width x depth)", (30, 40, 16), False),
    ],
)
def test_an_order_of_axes_that_is_stated_holds(
    text: str, dims: tuple[int, ...], first: bool
) -> None:
    read = read_volume(text)
    assert not isinstance(read, Unreadable | Blank)
    assert (read[0].dims, read[0].channels_first) == (tuple(map(Fraction, dims)), first)


def test_how_an_extent_was_worked_out_is_no_volume() -> None:
    for text in ("55x55x96 since (227-11)/4+1=55", "55x55x96 [(227-11)/4+1=55]"):
        read = read_volume(text)
        assert not isinstance(read, Unreadable | Blank)
        assert read[0].text == "55x55x96"
    for text in ("55x55 k=96", "O = (227-11)/4+1 = 55, so 55x55x96"):
        assert isinstance(read_volume(text), Unreadable)


def test_two_powers_as_they_are_typed_are_no_superscript_between_signs() -> None:
    assert numbers("55^2*96*11^2*3")[0].value == 105_415_200
    assert numbers("1.05 x 10^8^")[0].value == 105_000_000


@pytest.mark.parametrize("text", ["- (no parameters)", "n.a. (pool)", "none (pooling)", "none!"])
def test_a_dash_may_have_its_reason_behind_it(text: str) -> None:
    assert read_number(text) == Blank(dash=True)


@pytest.mark.parametrize(
    "text", ["55, 55, ?", "55 55 ?", "(55, 55, ?)", "55x55x?", "55x55x96 (27)"]
)
def test_a_question_mark_in_the_place_of_an_extent_is_no_doubt_behind_a_volume(text: str) -> None:
    assert isinstance(read_volume(text), Unreadable)


def test_what_was_left_out_of_an_answer_is_said() -> None:
    assert numbers("34,944 with bias?")[0].note == "'with bias' was left out; '?' was left out"
    read = read_volume("~55x55x96?")
    assert not isinstance(read, Unreadable | Blank)
    assert read[0].note == "'?' was left out; '~' was left out"
    assert numbers("0x8880")[0].note == "read as a number to base 16"


def test_a_receptive_field_of_two_numbers_is_told_and_thousands_are_none() -> None:
    read = read_side("51x25")
    assert isinstance(read, Unreadable)
    assert "differ" in read.reason
    assert read_side("1,024") == read_number("1,024")


def verdicts(column: str, *rows: str) -> list[tuple[str, str]]:
    text = "layer;" + column + "\n" + "\n".join(rows)
    layers = [row.partition(";")[0] for row in rows]
    homework = assign(summarize("alexnet"), columns=(column.partition(" ")[0],), layers=layers)
    checked = check(homework, read_answers(text.encode(), "a.csv"))
    return [(cell.verdict, cell.note) for cell in checked.cells]


def test_memory_by_1024_is_another_way_to_count() -> None:
    rows = ("conv1;1.11 MB", "pool1;273 KB", "conv2;729 KB", "pool2;169 KB", "conv3;253.5 KB")
    judged = verdicts("memory", *rows)
    assert [verdict for verdict, _ in judged] == ["right_other_convention"] * 5
    assert judged[1][1].startswith("KB stands for 1,024; rounded")


def test_a_batch_in_front_is_told_and_costs_nothing() -> None:
    rows = ("conv1;128x96x55x55", "pool1;(128, 27, 27, 96)", "fc6;128x4096", "fc7;128 x 4096")
    note = "a batch of 128 in front was left out"
    judged = verdicts("output", *rows)
    assert [verdict for verdict, _ in judged] == [
        "right_other_convention",  # its channels are first, besides
        *["right_other_notation"] * 3,
    ]
    assert all(note in told for _, told in judged)
    assert verdicts("output", "fc7;4096x4096")[0][0] == "wrong"
    assert verdicts("output", "conv1;96x11x11x3")[0][0] not in ("right", "right_other_notation")


def test_a_batch_of_one_behind_is_told_and_costs_nothing() -> None:
    """MATLAB's last axis; a weight's extents of which the last is 1 stay what they are."""
    judged = verdicts(
        "output", "conv1;55 x 55 x 96 x 1", "pool1;(27, 27, 96, 1)", "conv2;27x27x256"
    )
    assert [verdict for verdict, _ in judged] == ["right_other_notation"] * 2 + ["right"]
    assert all("behind the channels" in told for _, told in judged[:2])
    assert verdicts("output", "conv1;54x54x96x1")[0][0] == "misconception"
    assert verdicts("output", "conv1;55x55x96x2")[0][0] == "wrong"
