"""Numbers that somebody printed: how they are read, and what gives them."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc import SpecErrors, summarize
from shapecalc.analysis.reconcile import find_count
from shapecalc.analysis.reconcile.search import read_target
from shapecalc.cli import main
from shapecalc.counting.profiles import PROFILES
from tests.runner import runner

if TYPE_CHECKING:
    from shapecalc.analysis.reconcile.search import Search


def found(spec: str, target: str) -> Search:
    return find_count(summarize(spec), target)


def names(search: Search) -> list[tuple[str, str, str]]:
    return [(each.candidate.what, each.candidate.variation, each.how) for each in search.matches]


@pytest.mark.parametrize(
    ("text", "value", "step"),
    [
        ("714682664", 714682664, 1),
        ("714,682,664", 714682664, 1),
        ("1_585_899_032", 1585899032, 1),
        (" 61100840 ", 61100840, 1),
        ("0.71G", 710_000_000, 10_000_000),
        ("3.8 x 10^9", 3_800_000_000, 100_000_000),
        ("3.8e9", 3_800_000_000, 100_000_000),
        ("1.5 billion", 1_500_000_000, 100_000_000),
        ("1.43B", 1_430_000_000, 10_000_000),
        ("138M", 138_000_000, 1_000_000),
        ("714.68 MMac", 714_680_000, 10_000),
        ("1.4297 GFLOPS", 1_429_700_000, 100_000),
        ("714188480 MACs", 714188480, 1),
        ("2.7K", 2700, 100),
        ("2.7Ki", Fraction(27 * 1024, 10), Fraction(1024, 10)),
        ("233 MB", 233_000_000, 1_000_000),
        ("58 MiB", 58 * 2**20, 2**20),
    ],
)
def test_a_target_is_read(text: str, value: int, step: int) -> None:
    target = read_target(text)
    assert (target.value, target.step) == (value, step)
    assert target.exact == (step == 1)
    assert target.bytes == text.endswith(("MB", "MiB"))


@pytest.mark.parametrize(
    "text",
    ["", "many", "-3", "7,14", "1.2.3", "3 parsecs", "0x10", "1e999", "9" * 70, "٣", "5%", "1/2"],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_target(text)
    assert [problem.code for problem in caught.value.problems] == ["E621"]


@given(st.text(max_size=70) | st.from_regex(r"[0-9.,_ xe^*KMGTiBb]{0,30}", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SpecErrors):  # and nothing else
        assert all(each.low < each.high for each in read_target(text).readings())


def test_a_number_printed_of_a_count_finds_that_count_again() -> None:
    report = summarize("googlenet")
    for profile in PROFILES.values():
        count = profile.count(report.totals)
        for text in (f"{count}", f"{count:,}", f"{count / 1e6:.3f}M", f"{count / 2**20:.2f}Mi"):
            found_ = find_count(report, text)
            assert f"profile {profile.name}" in [each.candidate.what for each in found_.matches]


@pytest.mark.parametrize(
    ("spec", "target", "expected"),
    [
        # reference/peers.md, 2a: printed by torchinfo 1.8.0 and by ptflops 0.7.5, backend aten
        (
            "alexnet-owt",
            "714682664",
            [("profile torchinfo", "", "exact"), ("profile ptflops:aten", "", "exact")],
        ),
        # Simonyan & Zisserman 2014, Table 2: 138, in millions
        ("vgg16", "138,357,544", [("profile params", "", "exact"), ("profile keras", "", "exact")]),
        # convnet-burden's table: 233 MB of parameters, its MB being 1024 x 1024 bytes
        (
            "alexnet-2012",
            "233 MB",
            [
                ("parameters, float32", "", "rounded, K = 1024"),
                ("weights, without biases, float32", "", "rounded, K = 1024"),
            ],
        ),
        # LeCun et al. 1998, II.B: 340,908 connections
        ("lenet5-1998", "340908", [("connections", "", "exact")]),
    ],
)
def test_what_gives_a_printed_number(
    spec: str, target: str, expected: list[tuple[str, str, str]]
) -> None:
    assert names(found(spec, target)) == expected


def test_a_guess_at_training_is_named_as_such() -> None:
    # calflops's README, found by its users to be exactly 3 times the forward pass
    # (reference/peers.md, 2a)
    search = found("alexnet-owt", "2142565440")
    assert ("profile calflops", "x 3 (a guess at forward and backward)", "exact") in names(search)
    assert not [each for each in search.matches if not each.candidate.assumptions]


def test_truncation_is_told_from_rounding() -> None:
    # He et al. 2015, Table 1 prints 3.8 for 3.858: no rounding gives it
    search = found("resnet50", "3.8 x 10^9")
    own = [match for match in search.matches if match.candidate.change is None]
    assert {match.how for match in own} == {"truncated"}
    assert search.matches[: len(own)] == tuple(own)


def test_when_nothing_gives_it_the_nearest_are_told_and_no_match_is_made_up() -> None:
    search = found("vgg16", "123456789")
    assert search.matches == ()
    off = [abs(each.number - 123456789) for each in search.nearest]
    assert off == sorted(off)
    assert off[0] > 0


def test_one_off_is_no_match() -> None:
    assert found("alexnet-owt", "714682665").matches == ()
    assert found("alexnet-owt", "714682663").matches == ()


def test_a_network_with_symbols_needs_values() -> None:
    with pytest.raises(SpecErrors) as caught:
        find_count(summarize("vgg16", input="HxWx3"), "138M")
    assert [problem.code for problem in caught.value.problems] == ["E121"]


def test_the_likelier_variation_stands_first() -> None:
    """Factors come before changes of the network; a batch is tried where one is asked for."""
    search = find_count("alexnet", "4.5G", batch=4)
    variations = [each.candidate.variation for each in search.matches if not each.candidate.change]
    assert set(variations) == {"x 2 (2 operations each)", "x 4 (the batch)"}
    assert not search.matches[0].candidate.change
    alone = find_count("alexnet", "4.5G")
    assert not any("batch)" in each.candidate.variation for each in alone.matches)


def test_versions_of_a_shipped_network_are_counted_where_itself_gives_nothing() -> None:
    search = find_count("resnet50", "4.1G")
    assert {match.candidate.variation for match in search.matches[:5]} == {"as resnet50-v1.5"}
    counts = {match.candidate.what: match.candidate.number for match in search.matches}
    assert counts["profile macs"] == 4_089_184_256
    text = " ".join(search.render("text").split())
    assert "No count of ResNet-50 itself gives 4.1G" in text
    assert "the number is too coarse to tell what was meant" in text
    back = find_count("resnet50-v1.5", "3857973248")
    assert {match.candidate.variation for match in back.matches} == {"as resnet50"}
    own = find_count("resnet50", "3.86G")
    assert {match.candidate.change for match in own.matches if not match.assumptions} == {None}


def test_versions_are_those_of_the_network_as_it_is_shipped() -> None:
    own = {"input": "8x8x3", "layers": ["relu"]}
    for search in (find_count("resnet50", "4.1G", input="256x256x3"), find_count(own, "4.1G")):
        counts = [*search.nearest, *(match.candidate for match in search.matches)]
        assert counts
        assert not any("resnet50" in count.variation for count in counts)


#: Tool's number on a model -> our spec, and the profile and the change that give it
#: (reference/counters.md; torchvision 0.29.1, Keras 3.15.1).
PRINTED = [
    ("alexnet-owt", "714206912", "thop", "as alexnet-torchvision"),
    ("alexnet-owt", "714197696", "fvcore", "as alexnet-torchvision"),
    ("resnet18", "1824033792", "thop", "as resnet18-torchvision"),
    ("resnet50", "4133742592", "thop", "as resnet50-torchvision"),
    ("resnet50", "4089238376", "torchinfo", "as resnet50-v1.5"),
    ("resnet50", "25,636,712", "keras", "as keras-resnet50"),
    ("googlenet", "1498391752", "torchinfo", "as googlenet-torchvision"),
    ("googlenet", "1.51G", "thop", "as googlenet-torchvision"),
    ("vgg16", "15470314496", "thop", "as vgg16-torchvision"),
    ("alexnet", "61100840", "params", "as alexnet-owt"),
]


@pytest.mark.parametrize(("spec", "number", "profile", "change"), PRINTED)
def test_what_tools_print_of_the_models_that_people_run(
    spec: str, number: str, profile: str, change: str
) -> None:
    matches = find_count(spec, number).matches
    assert (f"profile {profile}", change) in [
        (match.candidate.what, match.candidate.variation) for match in matches
    ]


def unshipped(name: str) -> dict[str, object]:
    """Return a shipped network as data, of which no versions are known."""
    import yaml

    from tests.paths import SPECS

    read: dict[str, object] = yaml.safe_load((SPECS / f"{name}.yaml").read_text("utf-8"))
    return read


@pytest.mark.parametrize(
    ("spec", "number", "what", "change"),
    [
        # with the pool that torchvision has, and without the softmax (reference/counters.md)
        (
            "vgg16",
            "15470314496",
            "profile thop",
            "with that pool and without the softmax, as torchvision writes it",
        ),
        # the ResNet paper's 15.3 billion beside VGG-19's 19.6
        ("vgg16", "15.3G", "profile macs", "of its convolutions alone, without dense layers"),
        ("resnet34", "3678739456", "profile thop", "without the last softmax"),
        ("resnet50", "4089184256", "profile macs", "with the stride in the 3x3 of its bottlenecks"),
        ("resnet34", "21789160", "profile params", "with its batch norms folded"),
        ("vgg16", "20,199,669,760", "profile macs", "at 256x256"),
    ],
)
def test_a_network_of_one_s_own_is_tried_as_frameworks_have_it(
    spec: str, number: str, what: str, change: str
) -> None:
    matches = find_count(unshipped(spec), number).matches
    assert (what, change) in [(m.candidate.what, m.candidate.variation) for m in matches]


def test_a_change_s_gap_is_closed_layer_by_layer() -> None:
    search = find_count("alexnet-owt", "714206912")
    match = next(each for each in search.matches if each.candidate.what == "profile thop")
    gap = search.closing(match.candidate)
    assert gap == (("adaptive_avgpool1", 18_432), ("softmax1", -2_999))
    plain = PROFILES["thop"].count(search.report.totals)
    assert plain + sum(number for _, number in gap) == 714_206_912


def test_a_stride_moved_to_the_3x3_and_back_is_the_network_again() -> None:
    from shapecalc.analysis.reconcile.changes import changes

    report = summarize(unshipped("resnet50"))
    later = next(each for each in changes(report) if "3x3" in each.what).report
    earlier = next(each for each in changes(later) if "first 1x1" in each.what).report
    assert later.rows[-1].output == report.rows[-1].output
    assert later.totals.macs == 4_089_184_256  # torchvision, resnet50
    assert earlier.rows == report.rows


def test_a_coarse_number_shows_five_and_all_on_request() -> None:
    search = find_count("resnet50", "4.1G")
    short, long = search.render("text"), find_count("resnet50", "4.1G", whole=True).render("text")
    assert search.inside > len(search.matches) > 5
    listed = [match.candidate.what for match in search.matches]
    assert [what in short.split("target")[0] for what in listed].count(True) < len(listed)
    assert all(what in long for what in listed)
    assert "--all" in short
    assert "--all" not in long


@pytest.mark.parametrize("option", [["--all"], ["--batch", "2"]])
def test_what_belongs_to_a_target_is_refused_without_one(option: list[str]) -> None:
    done = runner().invoke(main, ["reconcile", "lenet5", "torchinfo", "fvcore", *option])
    assert done.exit_code == 2
    assert "--batch and --all belong to a --target" in done.stderr
