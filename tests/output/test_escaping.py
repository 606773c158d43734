"""Whatever a name or a note holds, it is shown as it is, and nothing of it is obeyed."""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.output.formats import FORMATS, write
from shapecalc.output.latex import escaped
from shapecalc.output.options import make_view
from shapecalc.text.safe import csv_safe, one_line
from tests.output.reports import NAMES, compute, report, with_name
from tests.output.reread import RAISED, READERS, parse, without_mark

HOSTILE = (
    "<script>alert(1)</script>",
    "</style></table><img src=x onerror=alert(1)>",
    '"><b onmouseover="x">&amp; &lt;',
    "a | b || c \\| d",
    "*bold* _under_ **x** __y__ `code` ~~no~~ [link](http://x) ![i](y) <http://z>",
    "# heading",
    "- item",
    "1. item",
    "$x_1^2$ 50% & #1 {a} ~ \\alpha \\\\ \\end{tabular} ``q'' \"r\" a--b [8pt]",
    "[bold red]rich[/bold red] :smile:",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\ttab",
    "two\nlines\r\nthree",
    "\x1b[31mred\x1b[0m \x07 \u202e\u200b",
    "Überschall naïve 网络 ネット",
    "'quoted', \"double\"; semi",
)
COLUMNS = "name,type,does,output,params,note"
#: The tags of a drawing.
DRAWN = {"svg", "g", "rect", "text", "path", "polygon", "marker"}


def shown(text: str, format_: str, **options: Any) -> str:
    """Render a report full of a text: all layers, since a name with a slash is not a block here."""
    return write(with_name(text), format_, columns=COLUMNS, depth=0, **options)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("format_", ["html", "markdown"])
def test_cells_read_back_as_they_were(format_: str, text: str) -> None:
    grid = READERS[format_](shown(text, format_))
    for name, kind, does, _, _, note in grid.rows:
        assert without_mark(name) == kind == note == one_line(text)
        assert does.replace("\N{MULTIPLICATION SIGN}", "x") == one_line(text)


@pytest.mark.parametrize("standalone", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_html_has_no_tag_that_is_not_its_own(text: str, standalone: bool) -> None:
    own = parse(shown("x", "html", standalone=standalone)).tags
    made = parse(shown(text, "html", standalone=standalone)).tags
    assert [tag for tag, _ in made] == [tag for tag, _ in own]
    for (tag, attributes), (_, plain) in zip(made, own, strict=True):
        if tag in DRAWN:  # where something stands, and what it is called, is another matter
            assert attributes.keys() == plain.keys()
            continue
        assert attributes == {
            key: one_line(text) if value == "x" else value for key, value in plain.items()
        }


@pytest.mark.parametrize("name", NAMES)
def test_html_asks_for_nothing_and_runs_nothing(name: str) -> None:
    page = write(report(name), "html")
    parser = parse(page)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in parser.tags}
    for _, attributes in parser.tags:
        assert not [key for key in attributes if key.startswith("on") or key in {"src", "href"}]
    assert not re.search(r"url\((?!#)|@import|https?:|//", page)  # a # leads to the page itself


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_obeys_no_markup(text: str) -> None:
    from markdown_it import MarkdownIt

    page = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(shown(text, "markdown"))
    )
    tags = {tag for tag, _ in parse(page).tags}
    assert tags == {"p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert page.count("<strong>") == 3  # the title, the word total and the total
    assert one_line(text) in parse(page).text


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_reads_back_and_starts_no_formula(text: str) -> None:
    written = write(with_name(text), "csv")
    for row in csv.DictReader(io.StringIO(written, newline="")):
        assert row["name"] in {text, f"'{text}"}
        assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert row["params"].isdecimal()


@pytest.mark.parametrize("text", HOSTILE)
def test_json_holds_texts_as_they_are(text: str) -> None:
    data = json.loads(write(with_name(text), "json"))
    assert data["network"] == data["source"]["note"] == text
    assert {row["name"] for row in data["rows"]} == {text}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("format_", ["text", "terminal"])
def test_text_moves_no_cursor_and_reads_no_markup(format_: str, text: str) -> None:
    written = shown(text, format_, width=400)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", written) if format_ == "terminal" else written
    assert all(c.isprintable() or c == "\n" for c in plain)
    assert plain.count(one_line(text)) >= 9
    rules = [at for at, line in enumerate(plain.splitlines()) if line.startswith("──")]
    assert rules[1] - rules[0] == 3  # two layers, a line each


SPECIAL = re.compile(r"(?<!\\)(?:\\\\)*[$&#%~^<>|\"`*]")


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_is_balanced_and_has_no_special_character_left(text: str) -> None:
    written = shown(text, "latex")
    code = "\n".join(
        line for line in written.splitlines() if not line.startswith(("%", r"\providecommand"))
    )
    cells = re.sub(r"\$\\times\$|\{[*\[]\}| & ", " ", code)
    assert not [found for found in SPECIAL.findall(cells) if found.strip("\\")]
    bare = re.sub(r"\\[{}]", "", re.sub(r"\\\\$", "", code, flags=re.MULTILINE))
    assert bare.count("{") == bare.count("}")
    assert re.findall(r"\\begin\{(\w+)\}", bare) == ["table", "tabular", "minipage"]
    assert re.findall(r"\\end\{(\w+)\}", bare) == ["tabular", "minipage", "table"]
    assert ("LuaLaTeX" in written) == ("\u7f51" in text)


def compiled(folder: Path, tables: list[str]) -> list[str]:
    """Compile tables in a document; return what sticks out of the page."""
    document = "\n\\clearpage\n".join(tables)
    (folder / "all.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs,longtable}\n"
        f"\\begin{{document}}\n{document}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    for _ in range(2):  # long tables find their widths in the second run
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        log = done.stdout.decode(errors="replace")
        assert done.returncode == 0, log[-2000:]
    return [line for line in log.splitlines() if line.startswith("Overfull")]


needs_latex = pytest.mark.skipif(not shutil.which("pdflatex"), reason="LaTeX is not installed")


@needs_latex
def test_latex_compiles_and_fits_the_page(tmp_path: Path) -> None:
    tables = [write(report(name), "latex", depth=depth) for name in NAMES for depth in (0, 1)]
    assert not compiled(tmp_path, tables)


@needs_latex
def test_hostile_latex_compiles(tmp_path: Path) -> None:
    compiled(tmp_path, [shown(text, "latex") for text in HOSTILE if "\u7f51" not in text])


def test_marks_of_notes_are_raised_numbers() -> None:
    assert RAISED.search("conv1 ¹")
    assert not RAISED.search("conv1")


@pytest.mark.parametrize("format_", FORMATS)
def test_notes_reach_every_format(format_: str) -> None:
    written = write(report("small"), format_, depth=0)
    assert "the pool is not square" in written
    shared = "one" if format_ in {"csv", "json"} else "weights shared with one"
    assert shared in written


def test_latex_sets_formulas() -> None:
    report = shapecalc.summarize("alexnet", input="HxHx3")
    text = write(report, "latex", view=make_view(columns="name,output,macs"), width=200)
    assert r"\left\lfloor \frac{H - 35}{32}\right\rfloor \times " in text
    assert r"$1{,}048{,}576{h_{32}}^{2}$" in text
    assert r"input & $H \times H \times 3$ & 0 \\" in text
    assert r"relu6 & 4096 & 0 \\" in text  # a number is no formula
    assert "floor(" not in text


def test_latex_sets_symbols_in_italics_and_words_upright() -> None:
    block = {"fields": ["filters"], "layers": [{"conv": {"filters": "filters", "kernel": 3}}]}
    spec = {
        "input": ["rows", 9, 3],
        "let": {"k": 4},
        "blocks": {"b": block},
        "layers": [{"b": "2*k"}, {"conv": {"filters": "k", "kernel": 3, "pad": 1}}, "relu"],
    }
    report = shapecalc.summarize(spec, free=["k"])
    text = write(report, "latex", view=make_view(columns="name,does,output,params,memory"))
    assert r"b1 & filters $2k$ & $(\mathrm{rows} - 2) \times 7 \times 2k$ & $56k$" in text
    assert r"conv1 & $k$ 3$\times$3, pad 1 & " in text
    assert r"parameters: $18{k}^{2} + 57k$ ($72{k}^{2} + 228k$ bytes); MACs: " in text
    assert r"$21k \cdot \mathrm{rows} - 42k + 27 \cdot \mathrm{rows}$ (" in text
    assert r"\emph{domain}: $\mathrm{rows} \geq 3$: " in text


@pytest.mark.parametrize("note", ["x\r=HYPERLINK(1)", "\r=1+1", "\n=1+1", " =1+1", "\u00a0@SUM(1)"])
def test_no_cell_and_no_line_of_csv_begins_with_a_formula(note: str) -> None:
    """Broken by a carriage return, which some releases write without quotes, and by blanks."""
    layers = json.dumps([{"conv": {"filters": 4, "kernel": 3, "note": note}}])
    text = compute(f"name: n\ninput: 8x8x3\nlayers: {layers}\n").render("csv")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert len(row) == len(next(csv.reader(io.StringIO(text))))
        assert not any(cell.lstrip().startswith(("=", "@")) for cell in row)


@pytest.mark.parametrize("format_", ["latex", "markdown", "text", "html"])
@pytest.mark.parametrize("blank", [" ", "\t", "\x85"])
def test_a_text_of_blanks_is_no_text(format_: str, blank: str) -> None:
    words = json.dumps(blank)
    text = compute(f"name: {words}\nnote: {words}\nsource: {words}\ninput: 8x8x3\nlayers: [relu]\n")
    assert "****" not in text.render(format_)


#: What spreadsheets take for the start of a formula: four signs, as wide and as small letters too.
SIGNS = [*"=+-@", *"\uff1d\uff0b\uff0d\uff20", *"\ufe66\ufe62\ufe63\ufe6b"]
STARTS = [*SIGNS, "\t", "\r"]


@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"U+{ord(start):04X}")
def test_what_begins_a_formula_begins_no_cell(start: str) -> None:
    assert csv_safe(f"{start}1+1") == f"'{start}1+1"
    assert csv_safe(f"a{start}1+1") == f"a{start}1+1"


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"U+{ord(sign):04X}")
def test_blanks_before_a_sign_do_not_hide_it(sign: str) -> None:
    for blanks in (" ", "\n ", "\v", "\u00a0"):
        assert csv_safe(f"{blanks}{sign}1+1") == f"'{blanks}{sign}1+1"


@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"U+{ord(start):04X}")
def test_no_note_is_a_formula_in_csv(start: str) -> None:
    rows = csv.reader(io.StringIO(shown(f"{start}1+1", "csv")))
    assert {row[-1][0] for row in list(rows)[1:]} == {"'"}


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("1 + floor(N/2)", r"1 + $\lfloor$N/2$\rfloor$"),
        ("(n + floor((N + 1)/2))*3", r"(n + $\lfloor$(N + 1)/2$\rfloor$)$\cdot$3"),
    ],
)
def test_latex_sets_floors_wherever_they_stand(text: str, signs: str) -> None:
    assert escaped(text) == signs
