"""The rooms of the house: which package may import which, and nothing in circles.

Every import counts, those inside functions and those for type checkers, too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import pytest

from shapecalc.output.formats import FORMATS, PAGE
from shapecalc.text.shown import Shown
from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PACKAGE = ROOT / "shapecalc"

#: From the ground up: a room imports its own modules and those of the lines above it.  `errors`
#: lies on the ground floor, `api` is the front door from a spec to its report.
ORDER = """
    text errors
    algebra
    layers
    readers
    spec
    graph
    report
    api
    counting
    reference
    output
    writers
    draw
    verify
    analysis
    homework
    cli
"""
#: The rooms of homework, from the ground up.
HOMEWORK = """
    languages
    assignment
    answers
    diagnosis
    variants
    sheets
    classroom
    exports
    api
"""
#: The one real circle: numbers need no expressions until a symbol meets them, and an expression
#: writes itself.
CIRCLE = {"algebra", "algebra.expr", "algebra.notation"}
#: The one look forward: a result shows itself, by whatever formats and pictures there are.  They
#: import what lays it out, and what writes it, by names: of its own room, and of theirs.  So do
#: errors, in a notebook.
FORWARD = {
    ("text.shown", "output.formats"),
    ("text.shown", "draw"),
    ("errors", "output.problems"),
}

#: What computes networks: nothing that draws may import it.
COMPUTING = {
    *(f"report.{name}" for name in ["compute", "propagate", "advice", "weights_fit"]),
    *(f"graph.{name}" for name in ["expand", "draft"]),
}

#: What a module may import outside the standard library, and who may.
THIRD = {
    "yaml": ("spec.yaml_compose", "spec.yaml_messages"),
    "click": ("cli",),
    "rich": ("output.terminal", "cli.sweep"),
    "numpy": (
        "analysis.sweep",
        "analysis.solve.decide",
        "analysis.solve.together",
        "reference",
        "verify",
    ),
    "h5py": ("readers.keras",),
    "tflite": ("readers.tflite",),
    "torch": ("readers.live",),
    "typst": ("draw.converted",),
    "dask": ("analysis.sweep.cluster",),
    "distributed": ("analysis.sweep.cluster",),
    "pyarrow": ("analysis.sweep.parquet",),
    "PIL": ("verify.run_files",),
    "openpyxl": ("homework.answers.workbook", "homework.sheets.as_xlsx"),
}

#: The command line starts with these and imports the rest when a command runs.
AT_START = {"", "errors", "text", "cli", "cli.common", "cli.options", "cli.usage"}


class Import(NamedTuple):
    """An import as the syntax tree has it: `kind` is now, later (in a function) or types."""

    module: str
    target: str
    kind: str


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(root: Path) -> list[Import]:
    """List every import of a package; the package itself is named ''."""
    paths = {name_of(path, root): path for path in sorted(root.rglob("*.py"))}
    return [
        Import(module, target, kind)
        for module, path in paths.items()
        for kind, node in _import_nodes(ast.parse(path.read_text(encoding="utf-8")), "now")
        for target in _targets(node, paths.keys())
    ]


def _import_nodes(tree: ast.AST, kind: str) -> Iterator[tuple[str, ast.Import | ast.ImportFrom]]:
    if isinstance(tree, ast.Import | ast.ImportFrom):
        yield kind, tree
    for node in ast.iter_child_nodes(tree):
        inner = kind
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            inner = "later"
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            inner = "types"
        yield from _import_nodes(node, inner)


def _targets(node: ast.Import | ast.ImportFrom, modules: Iterable[str]) -> list[str]:
    """Name the modules that an import reads: 'spec.find', '' for the front, or 'other:numpy'."""
    if isinstance(node, ast.Import):
        return [_short(alias.name) for alias in node.names]
    assert node.level == 0, "imports are absolute"
    base = _short(node.module or "")
    inner = [f"{base}.{alias.name}".removeprefix(".") for alias in node.names]
    return [name for name in inner if name in modules] or [base]


def _short(module: str) -> str:
    if module.split(".", maxsplit=1)[0] != "shapecalc":
        return f"other:{module.split('.', maxsplit=1)[0]}"
    return module.removeprefix("shapecalc").removeprefix(".")


def floor(module: str) -> tuple[int, ...]:
    """Return how high a module's room lies; inside homework, a room has a floor of its own.

    Raises `KeyError` for a module outside of every room.
    """
    first, *more = module.split(".")
    height = _heights(ORDER)[first]
    if first != "homework" or not more:
        return (height,)
    return (height, _heights(HOMEWORK)[more[0]])


def _heights(order: str) -> dict[str, int]:
    lines = [line.split() for line in order.split("\n")]
    return {name: height for height, names in enumerate(lines) for name in names}


def upward(imports: Iterable[Import]) -> list[str]:
    """Describe every import of a room that lies higher; the front may look everywhere."""
    return [
        f"{module} imports {target}"
        for module, target, _ in imports
        if module not in {"", "__main__"}
        if not target.startswith("other:") and target
        if (module, target) not in FORWARD and floor(target) > floor(module)
    ]


def circles(imports: Iterable[Import]) -> list[set[str]]:
    """Find the modules that reach themselves over others, a set a circle (Tarjan 1972)."""
    reads = defaultdict(set)
    for module, target, _ in imports:
        if module and target and module != target and (module, target) not in FORWARD:
            reads[module].add(target)
    found: list[set[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        path.append(module)
        for target in reads.get(module, ()):
            if target not in number:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in path:
                lowest[module] = min(lowest[module], number[target])
        if lowest[module] == number[module]:
            start = path.index(module)
            members, path[start:] = set(path[start:]), []
            if len(members) > 1:
                found.append(members)

    for module in list(reads):
        if module not in number:
            visit(module)
    return found


def foreign(imports: Iterable[Import]) -> list[str]:
    """Describe imports of other projects' packages outside of the modules that may have them."""
    complaints = []
    for module, target, _ in imports:
        name = target.removeprefix("other:")
        if name == target or name in sys.stdlib_module_names:
            continue
        if not any(f"{module}.".startswith(f"{home}.") for home in THIRD.get(name, ())):
            complaints.append(f"{module} imports {name}")
    return complaints


def early(imports: Iterable[Import]) -> list[str]:
    """Describe what the command line imports before it knows the command."""
    return [
        f"{module} imports {target} at the start"
        for module, target, kind in imports
        if module.split(".")[0] == "cli" and kind == "now"
        if not target.startswith("other:") and target not in AT_START
    ]


def computing(imports: Iterable[Import]) -> list[str]:
    """Describe where what draws would compute a network."""
    return [
        f"{module} computes by {target}"
        for module, target, _ in imports
        if module.startswith("output.") and target in COMPUTING
    ]


def wrong(imports: list[Import]) -> list[str]:
    rounds = [
        f"circle: {', '.join(sorted(circle))}" for circle in circles(imports) if circle != CIRCLE
    ]
    return [*upward(imports), *rounds, *foreign(imports), *early(imports), *computing(imports)]


def test_every_module_lies_in_a_room():
    modules = {name_of(path, PACKAGE) for path in PACKAGE.rglob("*.py")}
    outside = {name for name in modules if name.split(".")[0] not in _heights(ORDER)}
    assert outside == {"", "__main__"}
    loose = {name for name in modules if "." not in name and (PACKAGE / f"{name}.py").exists()}
    assert loose == {"__main__", "errors", "api"}


def test_imports_point_one_way_and_never_in_circles():
    assert wrong(imports_of(PACKAGE)) == []


#: What a result can be laid out as.
SHAPES = ("table", "document", "records")


def results() -> Iterator[type[Shown]]:
    """Yield every kind of result, from the modules that say how one is laid out."""
    for path in PACKAGE.rglob("*.py"):
        if "shapes = " in path.read_text(encoding="utf-8"):
            module = import_module(f"shapecalc.{name_of(path, PACKAGE)}")
            for kind in vars(module).values():
                if isinstance(kind, type) and "shapes" in vars(kind):
                    yield kind


def function(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"shapecalc.{module}"), attribute)


def test_what_lays_a_result_out_lies_in_its_room():
    kinds = {kind.__name__: kind for kind in results()}
    assert {"Report", "Comparison", "Sweep", "Solution", "Explanation", "Verdict"} <= set(kinds)
    for kind in kinds.values():
        assert issubclass(kind, Shown), f"{kind.__name__} is no Shown"
        assert kind.shapes.noun
        names = [getattr(kind.shapes, shape) for shape in SHAPES]
        assert any(names)
        _, room, *_ = kind.__module__.split(".")
        for name in filter(None, names):
            assert callable(function(name))
            assert name.split(".")[0] == {"report": "output"}.get(room, room)


#: Results that no command's options name, and the command that writes each beside another.
WRITTEN_BY = {
    "Search": "reconcile",
    "Sheet": "homework",
    "Windows": "solve",
}


def written() -> set[str]:
    """Return the results that the options of commands name, by module and class."""
    texts = [path.read_text(encoding="utf-8") for path in (PACKAGE / "cli").glob("*.py")]
    return {
        name
        for text in texts
        for name in re.findall(r'\.(?:written|format_of)\(\s*"([\w.]+)"', text)
    }


def test_every_result_is_written_by_a_command():
    shapes = {function(name).shapes for name in written()}
    silent = {kind.__name__ for kind in results() if kind.shapes not in shapes}
    assert silent == set(WRITTEN_BY)
    assert all((PACKAGE / "cli" / f"{name}.py").exists() for name in WRITTEN_BY.values())


def writers() -> Iterator[str]:
    """Yield the functions of output that write a shape, by module and name."""
    for path in sorted((PACKAGE / "output").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and re.match(r"(document_)?to_", node.name)
                and ast.unparse(node.returns or node) in {"str", "Iterator[str]"}
            ):
                yield f"{path.stem}.{node.name}"


def test_every_writer_is_that_of_a_format():
    entered = {name for chosen in FORMATS.values() for name, *_ in chosen.writers.values()}
    assert set(writers()) == entered


def test_every_format_has_its_writers():
    for chosen in FORMATS.values():
        assert chosen.writers
        assert set(chosen.writers) <= set(SHAPES)
        for name, *takes in chosen.writers.values():
            assert callable(function(f"output.{name}"))
            assert set(takes) <= set(PAGE)
    for shape in SHAPES:
        assert any(shape in chosen.writers for chosen in FORMATS.values())


def test_every_exception_is_used():
    taken = imports_of(PACKAGE)
    assert {target for _, target, _ in taken} >= COMPUTING
    assert CIRCLE in circles(taken)
    assert {(module, target) for module, target, _ in taken} >= FORWARD
    for package, homes in THIRD.items():
        for home in homes:
            assert any(m.startswith(home) and t == f"other:{package}" for m, t, _ in taken)


@pytest.mark.parametrize(
    ("module", "text", "complaint"),
    [
        ("algebra/bounds", "from shapecalc.report.apply import Facts", "algebra.bounds imports report.apply"),
        ("layers/conv", "def f():\n    from shapecalc.graph import draft", "layers.conv imports graph.draft"),
        ("layers/conv", "if TYPE_CHECKING:\n    import shapecalc.graph.draft", "layers.conv imports graph.draft"),
        ("report/apply", "from shapecalc.output.formats import write", "report.apply imports output.formats"),
        ("homework/answers/files", "import shapecalc.homework.exports", "homework.answers.files imports homework.exports"),
        ("spec/find", "if True:\n    import numpy.linalg", "spec.find imports numpy"),
        ("output/text", "import rich", "output.text imports rich"),
        ("output/text", "def f():\n    from shapecalc.graph.expand import expand", "output.text computes by graph.expand"),
        ("errors", "import torch", "errors imports torch"),
        ("cli/inventory", "from shapecalc.spec.find import find", "cli.inventory imports spec.find at the start"),
        ("text/words", "from shapecalc.errors import Problem", "circle: errors, text.words"),
        ("graph/draft", "def f():\n    from shapecalc.graph import scope", "circle: graph.draft, graph.scope"),
    ],
)  # fmt: skip
def test_a_forbidden_import_is_caught(tmp_path, module, text, complaint):
    others = {
        "errors": "def f():\n    from shapecalc.text.words import listed\n",
        "graph/scope": "from shapecalc.graph import draft\n",
    }
    names = [
        "text/words",
        "report/apply",
        "graph/draft",
        "graph/expand",
        "output/formats",
        "spec/find",
        "homework/exports",
    ]
    for name in ["errors", *names, *others]:
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(others.get(name, ""))
    assert wrong(imports_of(tmp_path)) == []
    path = tmp_path / f"{module}.py"
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(f"import re\n{text}\n")
    assert wrong(imports_of(tmp_path)) == [complaint]


def test_a_module_outside_of_the_rooms_is_caught(tmp_path):
    (tmp_path / "loose.py").write_text("from shapecalc import errors")
    (tmp_path / "errors.py").write_text("")
    with pytest.raises(KeyError, match="loose"):
        wrong(imports_of(tmp_path))


def test_what_is_allowed_is_not_caught(tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "output").mkdir()
    (tmp_path / "text/shown.py").write_text("def f():\n    from shapecalc.output import formats")
    (tmp_path / "output/formats.py").write_text("from shapecalc.text import shown")
    assert wrong(imports_of(tmp_path)) == []


def loaded_by(statement: str) -> set[str]:
    """Return what a fresh interpreter has imported after a statement."""
    code = f"import sys; {statement}; print(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_package_alone_imports_nothing_of_it():
    loaded = loaded_by("import shapecalc")
    assert {name for name in loaded if name.startswith("shapecalc")} == {"shapecalc"}


def test_the_library_computes_without_what_draws():
    loaded = loaded_by("import shapecalc; shapecalc.summarize('alexnet').render('csv')")
    assert not loaded & {"numpy", "rich", "click", "shapecalc.output.terminal"}


def test_a_summary_knows_nothing_of_what_else_can_be_asked():
    loaded = loaded_by("import shapecalc; shapecalc.summarize('alexnet').render('text')")
    assert not [name for name in loaded if name.startswith("shapecalc.analysis")]


def test_a_report_without_a_count_knows_of_no_profile():
    loaded = loaded_by("import shapecalc; shapecalc.summarize('alexnet').render('text')")
    names = ("profile", "profiles", "quantities")
    assert not loaded & {f"shapecalc.counting.{name}" for name in names}


def test_a_layer_family_is_imported_when_a_spec_uses_it():
    loaded = loaded_by("import shapecalc; shapecalc.loads('input: 8x8x3\\nlayers: [dense: 4]')")
    families = {name.removeprefix("shapecalc.layers.") for name in loaded if "calc.layers." in name}
    assert families <= {"base", "fields", "shape", "window", "dense"}


def test_numbers_need_no_algebra():
    words = ("expr", "integer_sets", "bounds", "notation", "relations")
    algebra = {f"shapecalc.algebra.{word}" for word in words}
    algebra |= {"shapecalc.report.domain", "shapecalc.report.weights_fit"}
    render = "shapecalc.summarize('alexnet'{}).render('text')"
    assert not loaded_by(f"import shapecalc; {render.format('')}") & algebra
    symbolic = render.format(", input='HxWx3'")
    assert algebra <= loaded_by(f"import shapecalc; {symbolic}")
