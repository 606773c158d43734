"""A page that stands alone has pictures below its table, folded, and no script."""

from __future__ import annotations

import re

import pytest

import shapecalc

DEEP = {"input": "HxWx3", "layers": [{"conv": {"filters": 4, "kernel": 3}}]}


def pictures(page):
    return re.findall(r"<details><summary>(.*?)</summary>", page)


def test_a_page_has_the_graph_and_the_costs_folded():
    page = shapecalc.summarize("lenet5").render("html")
    assert pictures(page) == ["The graph", "What the layers cost"]
    assert page.count("<svg ") == 2
    assert page.count('role="graphics-document"') == 2
    for never in ("<script", "http://", "https://", " open"):
        assert never not in page


def test_ids_on_a_page_are_its_own():
    page = shapecalc.summarize("resnet18").render("html")
    ids = re.findall(r' id="(.*?)"', page)
    assert len(ids) == len(set(ids))
    named = re.findall(r'aria-labelledby="(.*?)"', page) + re.findall(r"url\(#(.*?)\)", page)
    assert {word for words in named for word in words.split()} <= set(ids)


def test_letters_have_a_graph_and_no_costs():
    assert pictures(shapecalc.summarize(DEEP).render("html")) == ["The graph"]


def test_what_is_too_much_for_a_picture_has_none():
    layers = {"input": "9x9x3", "layers": [{"repeat": {"times": 3100, "layers": ["relu", "tanh"]}}]}
    page = shapecalc.summarize(layers).render("html", depth=0)
    assert "What the layers cost" not in page


def test_the_graph_is_folded_as_the_table_is():
    report = shapecalc.summarize("googlenet")
    (folded, opened) = (report.render("html", **words) for words in ({}, {"depth": 0}))
    assert "inception_3a/3x3" not in folded
    assert "inception_3a/3x3" in opened
    assert len(opened) > 1.5 * len(folded)


@pytest.mark.parametrize("format_", ["text", "markdown", "latex", "csv", "json"])
def test_other_formats_have_none(format_):
    assert "svg" not in shapecalc.summarize("lenet5").render(format_)


def test_a_notebook_has_none_beside_every_table():
    assert "<svg" not in shapecalc.summarize("lenet5")._repr_html_()
