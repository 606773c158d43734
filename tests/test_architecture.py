"""Imports point one way.  The levels are the table below; any other arrow fails."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "shapecalc"

#: From the ground up.  A module imports modules of the lines above its own, and on its own line
#: those to its left; a module without a dot stands for a package's `__init__`.
LEVELS = """
    shapecalc
    foreign
    errors  source  memory  dim  expr  equality  integers  bounds  notation  solution
    formula  pause  printing  writing  order  expression  ranges
    yamltree  syntax  compose  treereader  shape  window  work
    files  layers.fields
    layers.base  domain
    layers.windowed  layers.conv  layers.depthwise  layers.transposed  layers.pool
    layers.globalpool  layers.dense  layers.lrn  layers.norm  layers.activation  layers.slope
    layers.merge  layers.reshape
    layers
    spec  scope
    statements  read  graph
    draft  rounds  given  build  resolve  walk  expand
    report  propagate
    fits  api
    execute.arrays  execute.product  execute.frame  execute.unfold
    execute.conv  execute.depthwise  execute.transposed  execute.pool  execute.globalpool
    execute.dense  execute.lrn  execute.norm  execute.activation  execute.slope  execute.reshape
    execute.merge  execute.table  execute.tally  execute.naive_windows  execute.naive
    execute.layer  execute.slopes  execute.sight  execute.live  execute.supply  execute.run  execute.gradient
    execute.formula  execute.formulas_of_windows  execute.formulas_of_elements
    execute.formulas_of_moves  execute.formulas  execute.tiny  execute.example
    execute  laws  small  verify  weights  picture
    fold  cells  quantities  profile  profiles.own  profiles.frameworks  profiles.graphs  profiles
    legend  columns  view  sums  table  describe  schema  verdict
    activity
    lesson.words  lesson.picture  lesson.trace  lesson.nouns  lesson.alike  lesson.subject
    lesson.windows  lesson.shapes  lesson.output  lesson.params  lesson.macs  lesson.memory
    lesson.field  lesson.gradient  lesson.neighbours  lesson.blocks  lesson.network  lesson
    inverse  inverse.sets  inverse.answer  inverse.question  inverse.terms  inverse.loss
    inverse.unknowns  inverse.decide  inverse.reasons  inverse.asking  inverse.windows
    render  render.problems  render.as_text  render.as_csv  render.as_html  render.as_json
    render.as_latex  render.as_markdown  render.as_terminal  render.solution
    render.lesson_text  render.lesson_json  render.lesson_markdown  render.lesson_html
    render.lesson
    comparison  comparison.parts  comparison.align  comparison.likeness  comparison.changes
    comparison.rows  comparison.entries  comparison.ratio  comparison.names  comparison.condition
    comparison.fit  comparison.layout  comparison.totals  comparison.table
    comparison.as_csv  comparison.as_json  comparison.show
    sweeping  sweeping.axes  sweeping.columns  sweeping.magnitude  sweeping.formulas
    sweeping.plan  sweeping.compute  sweeping.result  sweeping.series  sweeping.table
    sweeping.machine  sweeping.chart  sweeping.plot  sweeping.show
    published  published.nouns  published.printed  published.words  published.quantities
    published.grammar  published.conventions  published.errata  published.read
    published.bench  published.judge  published.pieces  published.lists  published.table
    published.as_json  published.as_csv  published.show
    reconciling  reconciling.parts  reconciling.table  reconciling.target
    reconciling.search  reconciling.found  reconciling.machines
    backprop  backprop.costs  backprop.memory  backprop.table  backprop.machines
    homework  homework.conventions  homework.deadline  homework.quantity  homework.reading
    homework.numerals
    homework.volumes  homework.answers  homework.decode  homework.tables  homework.trees
    homework.stamp  homework.workbook  homework.load  homework.network  homework.keys
    homework.vary  homework.assignment  homework.outline  homework.world  homework.working
    homework.misconception
    homework.wrong_volumes  homework.wrong_parameters  homework.wrong_operations
    homework.catalogue  homework.diagnose  homework.forms  homework.show.values  homework.alternates
    homework.verdict  homework.claims
    homework.follow  homework.judge  homework.ranking  homework.marking  homework.tell
    homework.check  homework.teacher  homework.lint  homework.show  homework.worked
    homework.show.table  homework.show.as_json  homework.show.as_csv  homework.show.as_page
    homework.show.sheet  homework.show.lint_data  homework.show.lint  homework.classroom  homework.classroom.records
    homework.classroom.store  homework.exports  homework.exports.blanks  homework.exports.page
    homework.exports.archive  homework.exports.moodle  homework.exports.gift  homework.exports.qti
    homework.exports.markup  homework.exports.parts  homework.exports.gradescope
    homework.exports.coderunner  homework.exports.prairielearn  homework.exports.submission
    homework.exports.autograder  homework.exports.canvas  homework.exports.gradebook
    homework.exports.moodle_grades
    homework.classroom.agreement  homework.classroom.statistics  homework.show.document
    homework.show.document_html  homework.show.document_markdown  homework.show.pages
    homework.show.feedback  homework.show.class_cells  homework.show.class_report
    homework.classroom.names  homework.classroom.roster  homework.variant_file  homework.variants
    homework.show.as_xlsx  homework.show.handout  homework.show.variants
    homework.classroom.archive  homework.classroom.folder  homework.classroom.matching
    homework.classroom.metadata  homework.classroom.times  homework.classroom.intake
    homework.classroom.asked  homework.classroom.marks  homework.classroom.summary
    homework.classroom.judging  homework.classroom.work
    homework.classroom.state  homework.classroom.results  homework.classroom.grade
    homework.classroom.example
    cli  cli.common  cli.options  cli.summarize  cli.explain  cli.solve  cli.sweep  cli.compare
    cli.tables  cli.reconcile  cli.profiles  cli.training  cli.verify  cli.run  cli.homework
    cli.homework_variants  cli.homework_grade  cli.homework_example  cli.homework_export
    cli.layers  cli.specs  cli.schema  cli.completion
    __main__
"""

#: The looks forward: a report can show itself and be computed anew, a lesson and an expression
#: show themselves, and numbers need no expressions until a symbol meets them.
FORWARD = {
    ("report", "render"),
    ("report", "propagate"),
    ("expr", "notation"),
    ("dim", "expr"),
    ("inverse.answer", "render.solution"),
    ("inverse.windows", "render.solution"),
    ("lesson.nouns", "render.lesson"),
    ("published.nouns", "published.show"),
}

#: What a module may import outside the standard library, and who else may.
THIRD = {
    "yaml": ("compose",),
    "click": ("cli",),
    "rich": ("render.as_terminal", "cli.sweep"),
    "numpy": (
        "sweeping",
        "inverse.decide",
        "execute",
        "laws",
        "verify",
        "weights",
        "picture",
        "activity",
    ),
    "matplotlib": ("sweeping.plot",),
    "PIL": ("picture",),
    "openpyxl": ("homework.workbook", "homework.show.as_xlsx"),
}

#: The command line starts with these and imports the rest when a command runs.
AT_START = {"shapecalc", "errors", "source", "cli", "cli.common", "cli.options"}


class Import(NamedTuple):
    """One import as the syntax tree has it; `lazy` when inside a function."""

    module: str
    target: str
    lazy: bool


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "shapecalc"


def imports_of(root: Path) -> list[Import]:
    """List every import of a package that runs; those for type checkers do not."""
    found = []
    names = {name_of(path, root) for path in root.rglob("*.py")}
    for path in sorted(root.rglob("*.py")):
        name = name_of(path, root)
        stack: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_text()), False)]
        while stack:
            node, lazy = stack.pop()
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                stack += [(each, lazy) for each in node.orelse]
                continue
            if isinstance(node, ast.Import):
                found += [Import(name, short(each.name), lazy) for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} imports relatively"
                module = short(node.module or "")
                inner = [f"{module}.{each.name}".removeprefix("shapecalc.") for each in node.names]
                submodules = [each for each in inner if each in names]
                found += [Import(name, each, lazy) for each in submodules or [module]]
            inside = lazy or isinstance(node, ast.FunctionDef | ast.Lambda)
            stack += [(each, inside) for each in ast.iter_child_nodes(node)]
    return found


def short(module: str) -> str:
    return module.removeprefix("shapecalc.")


def wrong(imports: list[Import]) -> list[str]:
    """Describe every import against the rules."""
    order = {name: place for place, name in enumerate(LEVELS.split())}
    found = []
    for module, target, lazy in imports:
        arrow = f"{module} imports {target}"
        root = target.split(".")[0]
        if target in order:
            front = target.startswith(f"{module}.")  # a package's front may look into it, lazily
            forward = order[target] >= order.get(module, -1)
            if forward and not (lazy and (front or (module, target) in FORWARD)):
                found.append(arrow)
            elif module.split(".")[0] == "cli" and not lazy and target not in AT_START:
                found.append(f"{arrow} at the start")
        elif root in THIRD:
            if not any(f"{module}.".startswith(f"{home}.") for home in THIRD[root]):
                found.append(arrow)
        elif root not in sys.stdlib_module_names:
            found.append(arrow)
    return found


def test_every_module_has_its_place():
    modules = {name_of(path, PACKAGE) for path in PACKAGE.rglob("*.py")}
    assert modules == set(LEVELS.split())


def test_imports_point_one_way():
    assert wrong(imports_of(PACKAGE)) == []


def test_every_exception_is_used():
    taken = {(each.module, each.target) for each in imports_of(PACKAGE)}
    assert taken >= FORWARD
    for package, homes in THIRD.items():
        for home in homes:
            assert any(module.startswith(home) and package in target for module, target in taken)


@pytest.mark.parametrize(
    ("module", "text", "complaint"),
    [
        ("dim", "from shapecalc.report import Report", "dim imports report"),
        ("layers/conv", "import shapecalc.graph", "layers.conv imports graph"),
        ("layers/conv", "def f():\n    from shapecalc import graph", "layers.conv imports graph"),
        ("report", "from shapecalc.render import render", "report imports render"),
        ("walk", "if True:\n    import numpy.linalg", "walk imports numpy.linalg"),
        ("render/as_text", "import rich", "render.as_text imports rich"),
        ("cli/specs", "from shapecalc.files import find", "cli.specs imports files at the start"),
        ("errors", "from shapecalc.errors import Problem", "errors imports errors"),
        ("errors", "import torch", "errors imports torch"),
    ],
)
def test_a_forbidden_import_is_caught(tmp_path, module, text, complaint):
    for name in LEVELS.split():
        fronts = (
            "shapecalc",
            "layers",
            "execute",
            "lesson",
            "inverse",
            "profiles",
            "reconciling",
            "backprop",
            "render",
            "comparison",
            "sweeping",
            "published",
            "homework",
            "homework.show",
            "homework.exports",
            "homework.classroom",
            "cli",
        )
        front = name in fronts
        path = tmp_path / ("" if name == "shapecalc" else name.replace(".", "/"))
        path = path / "__init__.py" if front else path.with_suffix(".py")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("")
    assert wrong(imports_of(tmp_path)) == []
    (tmp_path / f"{module}.py").write_text(f"import re\n{text}\n")
    assert wrong(imports_of(tmp_path)) == [complaint]


@pytest.mark.parametrize(
    "guarded",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shapecalc.api import load",
        "def f():\n    from shapecalc.render import render",
    ],
)
def test_what_is_allowed_is_not_caught(tmp_path, guarded):
    (tmp_path / "api.py").write_text("")
    (tmp_path / "render.py").write_text("")
    (tmp_path / "report.py").write_text(guarded)
    assert wrong(imports_of(tmp_path)) == []


def loaded_by(statement: str) -> set[str]:
    """Return what a fresh interpreter has imported after a statement."""
    code = f"import sys; {statement}; print(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_package_alone_imports_nothing_of_it():
    loaded = loaded_by("import shapecalc")
    assert {name for name in loaded if name.startswith("shapecalc")} == {"shapecalc"}


def test_the_library_computes_without_what_draws():
    loaded = loaded_by("import shapecalc; shapecalc.summarize('alexnet').render('csv')")
    assert not loaded & {"numpy", "rich", "click", "shapecalc.render.as_terminal"}


def test_a_summary_knows_nothing_of_published_tables():
    loaded = loaded_by("import shapecalc; shapecalc.summarize('alexnet').render('text')")
    assert not [name for name in loaded if name.startswith("shapecalc.published")]


def test_a_report_without_a_count_knows_of_no_profile():
    loaded = loaded_by("import shapecalc; shapecalc.summarize('alexnet').render('text')")
    names = ("profile", "profiles", "quantities", "reconciling", "backprop")
    assert not loaded & {f"shapecalc.{name}" for name in names}


def test_a_layer_family_is_imported_when_a_spec_uses_it():
    loaded = loaded_by("import shapecalc; shapecalc.loads('input: 8x8x3\\nlayers: [dense: 4]')")
    families = {name for name in loaded if name.startswith("shapecalc.layers.")}
    assert families <= {f"shapecalc.layers.{name}" for name in ("base", "fields", "dense")}


def test_numbers_need_no_algebra():
    words = ("expr", "equality", "integers", "bounds", "notation", "solution", "domain", "fits")
    algebra = {f"shapecalc.{word}" for word in words}
    render = "shapecalc.summarize('alexnet'{}).render('text')"
    assert not loaded_by(f"import shapecalc; {render.format('')}") & algebra
    symbolic = render.format(", input='HxWx3'")
    assert algebra <= loaded_by(f"import shapecalc; {symbolic}")
