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
from shapecalc.counting.profiles import PROFILES

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
    assert not [each for each in search.matches if not each.candidate.far]


def test_truncation_is_told_from_rounding() -> None:
    # He et al. 2015, Table 1 prints 3.8 for 3.858: no rounding gives it
    hows = {how for _, _, how in names(found("resnet50", "3.8 x 10^9"))}
    assert hows == {"truncated"}


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
    """Two operations each are likelier than a batch of four halved counts."""
    variations = [each.candidate.variation for each in found("alexnet", "4.5G").matches]
    assert list(dict.fromkeys(variations)) == ["x 2 (2 operations each)", "x 4 (a batch)"]
    assert variations == sorted(variations, key=lambda text: text.startswith("x 4"))


def test_versions_of_a_shipped_network_are_counted_where_itself_gives_nothing() -> None:
    found = find_count("resnet50", "4.1G")
    assert {match.candidate.variation for match in found.matches} == {"of resnet50-v1.5"}
    counts = {match.candidate.what: match.candidate.number for match in found.matches}
    assert counts["profile macs"] == 4_089_184_256
    text = found.render("text")
    assert "No count of ResNet-50 itself gives 4.1G" in " ".join(text.split())
    back = find_count("resnet50-v1.5", "3857973248")
    assert {match.candidate.variation for match in back.matches} == {"of resnet50"}
    own = find_count("resnet50", "3.86G")
    assert not any("of resnet50" in match.candidate.variation for match in own.matches)


def test_versions_are_those_of_the_network_as_it_is_shipped() -> None:
    own = {"input": "8x8x3", "layers": ["relu"]}
    for found in (find_count("resnet50", "4.1G", input="256x256x3"), find_count(own, "4.1G")):
        counts = [*found.nearest, *(match.candidate for match in found.matches)]
        assert counts
        assert not any("resnet50" in count.variation for count in counts)
