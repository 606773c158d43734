"""All LaTeX that any command writes is set by pdfLaTeX and by LuaLaTeX, and no letter is lost."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import click
import pytest

from shapecalc.cli import main
from shapecalc.output.latex import escaped, with_definitions
from shapecalc.output.latex_letters import SIGNS, as_written
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.latex

#: What a title, a note or a person's name can hold.
HOSTILE = (
    r"Zoë % _ & # { } ~ ^ \ $ [8pt] ``q'' a--b \alpha ≤ ≥ ✓ ✗ × → µ μ Ω αβΣ « ą đ „x“ ﬁ ₂ ⁻"
    " ％＼＃ Γιώργος Иван 网络 ạ Nguyễn \N{CAMERA} \N{ZERO WIDTH SPACE}"
)
FILES = {
    "net.yaml": f"""
name: {HOSTILE!r}
source: {HOSTILE!r}
note: {HOSTILE!r}
input: 12x12x3
let: {{k: 4}}
layers:
  - conv: {{name: conv_1, filters: k, kernel: 3, note: {HOSTILE!r}}}
  - relu
  - pool: {{kernel: 2, stride: 2}}
  - fc: 10
""",
    "homework.yaml": f"""
title: {HOSTILE!r}
note: {HOSTILE!r}
spec: net.yaml
picture: volumes
columns: [output, params]
""",
    "graph.yaml": """
title: The graph
spec: net.yaml
picture: graph
columns: [params]
""",
    "vary.yaml": f"""
title: {HOSTILE!r}
spec: net.yaml
vary: {{k: "2:9"}}
""",
    "class.csv": f'id,name\ns1,"{HOSTILE}"\ns2,Ann\n',
    "work/s1.csv": f'layer,output,params\nconv_1,10×10×4,"≤ 112 ✓ {HOSTILE}"\npool1,5x5x4,9\n',
    "work/s2.csv": "layer,output,params\nconv_1,10x10x4,4*3*3*3\npool1,4x4x4,0\nfc1,10,650\n",
    "work/what%is_this.csv": f"{HOSTILE}\n",
}
AS_LATEX = ("-f", "latex")
#: A way to call every command that writes LaTeX; the file that it writes if it prints none.
COMMANDS: dict[str, tuple[str, ...]] = {
    "summarize": ("summarize", "net.yaml", *AS_LATEX),
    "summarize, captioned": (
        *("summarize", "net.yaml", *AS_LATEX, "--latex", "longtable"),
        *("--caption", r"A teacher's own ≤, \emph{n} × m, $a ≤ b × \alpha$, Иван & ą 100%"),
    ),
    "summarize, in symbols": ("summarize", "net.yaml", "--input", "HxHx3", *AS_LATEX),
    "summarize, with a chart": ("summarize", "alexnet", "--columns", "all", *AS_LATEX),
    "explain": ("explain", "net.yaml", "conv_1", *AS_LATEX),
    "explain, pool": ("explain", "net.yaml", "pool1", *AS_LATEX),
    "explain, dense": ("explain", "net.yaml", "fc1", *AS_LATEX),
    "explain, gradient": ("explain", "net.yaml", "conv_1", "--of", "gradient", *AS_LATEX),
    "explain, symbols": ("explain", "net.yaml", "conv_1", "--input", "HxHx3", *AS_LATEX),
    "solve": ("solve", "net.yaml", "params <= 800", "--over", "k=2:6", *AS_LATEX),
    "solve, a layer": ("solve", "--conv", "227 -> 55", *AS_LATEX),
    "sweep": ("sweep", "net.yaml", "--over", "k=2:9", *AS_LATEX),
    "sweep, drawn": ("sweep", "net.yaml", "--over", "k=2:9", "--plot", "sweep.tex"),
    "compare": ("compare", "net.yaml", "lenet5", *AS_LATEX),
    "tables": ("tables", "googlenet", *AS_LATEX),
    "reconcile": ("reconcile", "net.yaml", "torchinfo", "fvcore", *AS_LATEX),
    "reconcile, a target": ("reconcile", "alexnet-owt", "--target", "714682664", *AS_LATEX),
    "training": ("training", "net.yaml", *AS_LATEX),
    "verify": ("verify", "net.yaml", *AS_LATEX),
    "run": ("run", "net.yaml", *AS_LATEX),
    "specs": ("specs", *AS_LATEX),
    "draw": ("draw", "net.yaml", "-o", "draw.tex"),
    "draw, volumes": ("draw", "net.yaml", "--as", "volumes", "-o", "volumes.tex"),
    "homework sheet": ("homework", "sheet", "homework.yaml", "-o", "sheet.tex"),
    "homework sheet, solution": (
        *("homework", "sheet", "homework.yaml", "--solution", "-o", "solution.tex"),
    ),
    "homework sheet, graph": ("homework", "sheet", "graph.yaml", *AS_LATEX),
    "homework check": (
        *("homework", "check", "work/s1.csv", "--homework", "homework.yaml"),
        *("--hint", "3", "--solution", "-o", "check.tex"),
    ),
    "homework check, plain": (
        *("homework", "check", "work/s2.csv", "--homework", "homework.yaml", *AS_LATEX),
    ),
    "homework grade": (
        *("homework", "grade", "work", "--roster", "class.csv", "--homework", "homework.yaml"),
        *("-o", "results", *AS_LATEX),
    ),
    "homework variants": (
        *("homework", "variants", "vary.yaml", "--roster", "class.csv", "--seed", "7"),
        *("-f", "latex", "-o", "sheets"),
    ),
    "homework lint": ("homework", "lint", "homework.yaml", *AS_LATEX),
}


def _tex_has(*files: str) -> bool:
    find = shutil.which("kpsewhich")
    return bool(find) and all(
        subprocess.run([find, name], capture_output=True, check=False).returncode == 0
        for name in files
    )


#: Each engine, and what it must have to set anything.
ENGINES = {"pdflatex": (), "lualatex": ("luaotfload.sty",)}
engines = pytest.mark.parametrize(
    "engine",
    [
        pytest.param(
            engine,
            marks=pytest.mark.skipif(
                not shutil.which(engine) or not _tex_has("tikz.sty", *files),
                reason=f"{engine} with TikZ is not installed",
            ),
        )
        for engine, files in ENGINES.items()
    ],
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what the commands write."""
    folder = tmp_path_factory.mktemp("commands")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    texts = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for name, words in COMMANDS.items():
            before = set(folder.rglob("*.tex"))
            done = runner().invoke(main, words)
            assert done.exit_code == 0, (name, done.output)
            files = sorted(set(folder.rglob("*.tex")) - before)
            made = [path.read_text(encoding="utf-8") for path in files]
            texts |= {f"{name} {at}": text for at, text in enumerate(made or [done.stdout])}
    return texts


def _whole(text: str) -> str:
    """Put a part into a document, with no other packages than those that it names."""
    if r"\documentclass" in text:
        return text
    comments = "\n".join(line for line in text.splitlines() if line.startswith("% Needs"))
    comments += "".join(re.findall(r"\. Needs (.*) in the preamble", text))
    named = dict.fromkeys(re.findall(r"\\use(?:package|tikzlibrary)\{[^}]*\}", comments))
    preamble = "\n".join(["\\documentclass{article}", *named, "\\begin{document}"])
    return f"{preamble}\n{text}\n\\end{{document}}\n"


def _set(folder: Path, engine: str, text: str) -> str:
    """Let an engine set a document, and return what it said of it."""
    (folder / "made.tex").write_text(text, encoding="utf-8")
    words = [engine, "-interaction=nonstopmode", "-halt-on-error", "made.tex"]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-1500:]
    return log


def _with_latex(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[str]:
    """Name the commands that write LaTeX by what their options are."""
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                found_command = command.get_command(context, name)
                assert found_command
                yield from _with_latex(found_command, (*names, name))
    helps = [str(getattr(option, "help", "")) for option in command.params]
    if any("latex" in text or ".tex" in text for text in helps):
        yield " ".join(names)


def test_every_command_that_writes_latex_is_here() -> None:
    assert set(_with_latex(main)) <= {name.partition(",")[0] for name in COMMANDS}


@engines
def test_what_commands_write_is_set(engine: str, written: dict[str, str], tmp_path: Path) -> None:
    for name, text in written.items():
        log = _set(tmp_path, engine, _whole(text))
        assert "Missing character" not in log, name


@engines
def test_signs_are_set(engine: str, tmp_path: Path) -> None:
    letters = [
        chr(c) for c in (*range(0xA1, 0x600), *range(0x1E00, 0x2760)) if chr(c).isprintable()
    ]
    signs = [*SIGNS, *letters]
    captions = [as_written(f"{sign} and $a{sign}b$") for sign in SIGNS]
    body = "\n\n".join([*map(escaped, signs), *captions])
    text = _whole(with_definitions(body))
    assert "Missing character" not in _set(tmp_path, engine, text)
