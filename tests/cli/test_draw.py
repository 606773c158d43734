"""`shapecalc draw`: what is written where, and what is refused."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.draw import FILES, PICTURES
from shapecalc.errors import SpecErrors
from tests.runner import runner


def run(*words):
    return runner().invoke(main, ["draw", *words])


def test_without_a_file_it_is_characters():
    result = run("lenet5")
    assert result.exit_code == 0
    assert result.stdout.startswith("LeNet-5\n61.71 K parameters, 416.52 K MACs\n")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("net.svg", "<svg "),
        ("net.mmd", "flowchart TD\n"),
        ("net.dot", "digraph "),
        ("net.gv", "digraph "),
        ("net.txt", "LeNet-5\n"),
    ],
)
def test_the_suffix_says_the_format(tmp_path, name, begins):
    path = tmp_path / name
    assert run("lenet5", "-o", str(path)).output == ""
    assert path.read_text(encoding="utf-8").startswith(begins)


def test_to_says_the_format_of_the_standard_output():
    assert run("lenet5", "--to", "svg", "-o", "-").stdout.startswith("<svg ")
    assert run("lenet5", "--to", "dot").stdout.startswith("digraph ")


def test_options_reach_the_picture():
    output = run("alphago", "--set", "k=16", "--unroll", "--show", "rf", "--batch", "2").stdout
    assert "rf" in output
    assert "conv12" in output
    assert "19×19×16" in output
    assert "LR" in run("lenet5", "--to", "mermaid", "--direction", "right").stdout
    assert run("vgg16", "--input", "HxWx3").exit_code == 0


def test_memory_is_that_of_the_batch():
    one = run("lenet5", "--show", "memory").stdout
    assert run("lenet5", "--show", "memory", "--batch", "1").stdout == one
    assert " 480 B\n" in one
    assert " 960 B\n" in run("lenet5", "--show", "memory", "--batch", "2").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "jpeg"], "error[E302]: unknown format 'jpeg'"),
        (["-o", "net.jpeg"], "error[E302]: no picture is written as 'net.jpeg'"),
        (["--as", "grph"], "did you mean 'graph'?"),
        (["--as", "volumes", "--to", "dot"], "the picture volumes is not written as dot"),
        (["--as", "volumes", "-o", "a.MMD"], "the picture volumes is not written as 'a.MMD'"),
        (["--as", "volumes"], "error[E302]: no format is named"),
        (["--as", "field", "--unroll", "--to", "svg"], "unroll has no place in the picture field"),
        (["--show", "parms"], "did you mean 'params'?"),
        (["--depth", "none"], "is neither a number from 1 on nor 'all'"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(words, message):
    result = run("lenet5", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_spec_is_not_written_over(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("input: 8x8x2\nlayers: [relu]\n")
    result = run(str(path), "--to", "svg", "-o", str(path))
    assert result.exit_code == 2
    assert "E007" in result.stderr
    assert path.read_text() == "input: 8x8x2\nlayers: [relu]\n"


def test_too_many_nodes_are_refused_in_words(tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text("input: 8x8x2\nlayers: [repeat: {times: 2000, layers: [relu, tanh]}]\n")
    assert run(str(path)).exit_code == 0
    result = run(str(path), "--unroll")
    assert result.exit_code == 2
    assert "a picture of 4,001 nodes; the most is 3,000" in result.stderr
    assert "leave out --unroll" in result.stderr


def test_doubts_are_remarked():
    result = runner().invoke(main, ["draw", "-"], input="input: 28x28\nlayers: [relu]\n")
    assert "remark: input: 28x28 is read as length 28" in result.stderr


def test_a_report_draws_itself(tmp_path):
    report = shapecalc.summarize("lenet5")
    assert report.draw()._repr_svg_() == report.draw("graph").render("svg")
    assert report.draw(direction="right").render("mermaid").startswith("flowchart LR")
    report.draw("costs").save(str(tmp_path / "costs.svg"))
    assert (tmp_path / "costs.svg").read_text(encoding="utf-8").startswith("<svg ")
    with pytest.raises(SpecErrors, match="unknown picture"):
        report.draw("cost")
    with pytest.raises(SpecErrors, match="direction has no place in the picture volumes"):
        report.draw("volumes", direction="right")
    with pytest.raises(SpecErrors, match="has no picture"):
        shapecalc.explain("lenet5", "conv1").draw()


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_drawn_in_every_format_that_it_has(name, tmp_path):
    kind = PICTURES[name]
    for format_ in FILES.values():
        if format_.name in ("png", "pdf"):  # by another package: tests/draw/test_command.py
            continue
        path = tmp_path / f"net{format_.suffixes[0]}"
        result = run("lenet5", "--as", name, "-o", str(path))
        written = bool(format_.writer) or format_.name in kind.texts
        assert (result.exit_code == 0) == written == path.exists()
