"""`shapecalc draw` with the figures: formats by suffix, pipes, options of one picture."""

from __future__ import annotations

import pytest

from shapecalc.draw import converted
from tests.runner import runner


def invoke(*words, **options):
    from shapecalc.cli import main

    return runner().invoke(main, ["draw", *words], **options)


@pytest.mark.parametrize("picture", ["volumes", "costs", "memory", "field"])
@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", "<svg"), ("tex", "%"), ("png", "\x89PNG"), ("pdf", "%PDF")]
)
def test_a_picture_is_written_by_the_files_suffix(picture, suffix, start, tmp_path):
    if suffix in ("png", "pdf"):
        pytest.importorskip("typst", reason="the extra `draw` is not installed")
    path = tmp_path / f"net.{suffix}"
    result = invoke("lenet5", "--as", picture, "-o", str(path))
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_bytes().startswith(start.encode("latin-1"))


def test_bytes_go_into_a_pipe_as_they_are():
    pytest.importorskip("typst", reason="the extra `draw` is not installed")
    result = invoke("lenet5", "--as", "volumes", "--to", "png", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"\x89PNG")


def test_a_terminal_shows_no_bytes(monkeypatch):
    from shapecalc.cli import common
    from shapecalc.errors import SpecErrors

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(SpecErrors, match="these are bytes, which no terminal shows"):
        common.emit_parts([b"\x89PNG"], None)


def test_without_the_extra_the_message_names_it(monkeypatch, tmp_path):
    monkeypatch.setattr(converted, "find_spec", lambda _: None)
    path = tmp_path / "net.pdf"
    result = invoke("lenet5", "--as", "volumes", "-o", str(path))
    assert result.exit_code == 2
    assert "a picture as pdf needs typst, which is not installed" in result.output
    assert "pip install 'shapecalc-convnets[draw]'" in result.output
    assert not path.exists()


def test_costs_show_what_is_asked_for(tmp_path):
    path = tmp_path / "net.svg"
    assert invoke("lenet5", "--as", "costs", "--show", "memory", "-o", str(path)).exit_code == 0
    assert "36.47 kB in all" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("picture", ["volumes", "costs", "memory", "field"])
def test_symbols_need_values(picture):
    words = ["alphago", "--free", "k", "--as", picture, "--to", "svg"]
    result = invoke(*words)
    assert result.exit_code == 2
    assert "needs numbers, but k has no value" in result.output
