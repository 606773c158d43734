"""CONTRIBUTING.md is true, and whoever forgets a step of a recipe is told which.

For every step something shipped, for which all steps are done, has that one taken back in memory:
the guard that was content before then fails, and names what is missing.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pytest

import shapecalc
from shapecalc.analysis.compare import table as comparison_table
from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.tables.judge import judge
from shapecalc.cli.explain import explain
from shapecalc.cli.run import run
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.quantities import QUANTITIES
from shapecalc.errors import CODES
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.exports import EXPORTS
from shapecalc.layers import BUILTIN, FAMILIES
from shapecalc.output.formats import FORMATS
from shapecalc.reference import registry
from shapecalc.text.shown import Shapes
from tests import test_architecture, test_docs, test_shipped
from tests.analysis.explain import test_explain
from tests.analysis.explain import test_golden as explain_golden
from tests.analysis.tables import test_golden as tables_golden
from tests.analysis.tables import test_tables
from tests.cli import test_cli
from tests.counting import test_profiles
from tests.errors import test_docs as errors_docs
from tests.errors import test_golden as errors_golden
from tests.homework.diagnosis import test_misconceptions, test_simulated_class
from tests.homework.diagnosis.simulated import rules
from tests.homework.exports import test_command
from tests.layers import recipe as layer_recipe
from tests.layers import test_recipe
from tests.mutation import test_mutation, test_planted
from tests.output import reread, test_column_law
from tests.output import test_golden as output_golden
from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
#: How a guard fails.
FAILURES = (AssertionError, AttributeError, LookupError, OSError)


class Forgotten(NamedTuple):
    """A step of a recipe: how it is taken back, the guard that notices, and what it then names."""

    step: int
    taken_back: Callable[[pytest.MonkeyPatch, Path], object]
    guard: Callable[[], object]
    names: str


def without(place: str, page: str, text: str, *modules: ModuleType) -> Callable[..., None]:
    """Return how a page that guards read at `place` loses a text, or the page itself."""

    def take_back(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        root: Path = getattr(modules[0], place)
        whole = root if root.is_file() else root / page
        copy = folder / page
        copy.parent.mkdir(parents=True, exist_ok=True)
        shown = whole.read_text("utf-8")
        assert text in shown
        copy.write_text(shown.replace(text, ""), "utf-8")
        for module in modules:
            monkeypatch.setattr(module, place, copy if root.is_file() else folder)

    return take_back


def elsewhere(module: ModuleType, place: str) -> Callable[..., None]:
    """Return how guards look into an empty folder in place of their own."""
    return lambda monkeypatch, folder: monkeypatch.setattr(module, place, folder)


def dropped(table: Any, *keys: str) -> Callable[..., None]:
    """Return how a table loses rows; put back, they stand where they stood."""

    def take_back(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        rows = list(table.items())
        for key, _ in reversed(rows):
            monkeypatch.delitem(table, key)
        for key, value in rows:
            if key not in keys:
                monkeypatch.setitem(table, key, value)

    return take_back


def put(table: Any, key: str, **changed: Any) -> Callable[..., None]:
    """Return how a row of a table has other fields."""
    return lambda monkeypatch, folder: monkeypatch.setitem(
        table, key, table[key]._replace(**changed)
    )


def changed(place: object, name: str, value: object) -> Callable[..., None]:
    return lambda monkeypatch, folder: monkeypatch.setattr(place, name, value)


def removed(place: object, name: str) -> Callable[..., None]:
    return lambda monkeypatch, folder: monkeypatch.delattr(place, name)


class Silent:
    """What might be a result, but shows nothing."""

    shapes: ClassVar = Shapes("nothing", table="output.text.to_text")


def without_erratum(name: str) -> Any:
    return judge(test_tables.table(name)._replace(errata={}), {})


def without_totals(name: str) -> shapecalc.Report:
    text = f"name: {name}\nsource: a paper\nnote: One idea.\ninput: 4x4x3\nlayers: [relu]"
    return shapecalc.summarize(shapecalc.loads(text))


without_dense = {
    word: rule for word, rule in PROFILES["thop"].rules.items() if word.partition(":")[0] != "dense"
}
without_p1 = {
    column: tuple(name for name in names if name != "P1") for column, names in rules.COLUMNS.items()
}
RESULTS = [*test_architecture.results()]
all_but_one = tuple(name for name in test_tables.FOUND if name != "resnet-text")
MISH = BUILTIN["mish"]
P1 = "P1"
of_mish = partial(test_recipe.test_every_layer_type_has_all_that_the_recipe_asks_for, "mish")
of_errors = partial(errors_docs.test_a_code_has_its_title_an_example_and_what_to_do, "E758")
has_heading = test_docs.test_every_entry_of_a_table_has_a_heading
of_run = partial(test_docs.test_every_command_has_a_page_of_its_name_and_its_help_an_example, "run")
(OF,) = (option for option in explain.params if option.name == "of")

#: Every recipe by its heading.
RECIPES: dict[str, list[Forgotten]] = {
    "Add a layer type": [
        Forgotten(1, removed(MISH, "summary"), of_mish, "Mish does not state summary"),
        Forgotten(2, dropped(registry.formula, MISH), of_mish, "Mish has no function formula"),
        Forgotten(3, elsewhere(layer_recipe, "TESTS"), of_mish, "no test in tests/layers/ names mish"),
        Forgotten(4, changed(MISH, "term", "another"), of_mish, "neither has a rule for mish"),
        Forgotten(
            4,
            without("ROOT", "docs/layers.md", "\n### mish\n", layer_recipe),
            of_mish,
            "docs/layers.md has no mish",
        ),
        Forgotten(
            4,
            changed(test_recipe, "FAMILIES", [name for name in FAMILIES if name != "lrn"]),
            test_recipe.test_every_file_with_a_type_is_a_family,
            "lrn",
        ),
        Forgotten(
            4,
            changed(layer_recipe.output.says, "dispatch", lambda kind: None),
            of_mish,
            "Mish has no words for its shape",
        ),
    ],
    "Change what computes or judges": [
        Forgotten(
            1,
            lambda monkeypatch, folder: monkeypatch.setattr(
                test_mutation, "RULES", [test_mutation.RULES[0]._replace(right="what once stood there")]
            ),
            lambda: test_mutation.test_every_fault_has_its_place(test_mutation.RULES[0]),
            "what once stood there",
        ),
        Forgotten(
            2,
            lambda monkeypatch, folder: monkeypatch.setattr(
                test_mutation,
                "RULES",
                [fault for fault in test_mutation.RULES if "layers.lrn:" not in fault.place],
            ),
            partial(test_mutation.test_every_family_has_faults, "lrn"),
            "layers.lrn",
        ),
        Forgotten(
            1,
            lambda monkeypatch, folder: monkeypatch.setattr(
                test_planted, "FAULTS", [test_planted.FAULTS[0]._replace(right="what once stood there")]
            ),
            lambda: test_planted.test_every_fault_has_its_place(test_planted.FAULTS[0]),
            "what once stood there",
        ),
        Forgotten(
            2,
            lambda monkeypatch, folder: monkeypatch.setattr(
                test_planted,
                "FAULTS",
                [*test_planted.FAULTS, test_planted.FAULTS[0]._replace(what="nearly made")],
            ),
            test_planted.test_it_is_known_by_which_test_every_fault_falls,
            "nearly made",
        ),
    ],
    "Add a topic to `explain`": [
        Forgotten(
            1,
            dropped(TOPICS, "gradient"),
            test_explain.test_every_module_that_explains_is_a_topic,
            "gradient",
        ),
        Forgotten(
            2,
            changed(OF, "help", (OF.help or "").replace(", gradient", "")),
            test_explain.test_every_topic_is_in_the_help,
            "gradient",
        ),
        Forgotten(
            2,
            without("DOCS", "explain.md", "| `gradient` |", test_docs),
            partial(test_docs.test_every_topic_of_explanations_is_documented, "gradient"),
            "gradient",
        ),
        Forgotten(
            3,
            dropped(
                explain_golden.LESSONS, *(name for name in explain_golden.LESSONS if "gradient" in name)
            ),
            partial(explain_golden.test_every_topic_has_a_golden_file, "gradient"),
            "no golden file explains gradient",
        ),
    ],
    "Add an output format": [
        Forgotten(
            1,
            put(FORMATS, "markdown", writers={"table": ("markdown.to_marks",)}),
            test_architecture.test_every_format_has_its_writers,
            "to_marks",
        ),
        Forgotten(
            1,
            dropped(FORMATS, "markdown"),
            test_architecture.test_every_writer_is_that_of_a_format,
            "markdown.to_markdown",
        ),
        Forgotten(
            2,
            dropped(reread.READERS, "markdown"),
            test_column_law.test_every_format_has_a_reader,
            "markdown",
        ),
        Forgotten(
            3,
            elsewhere(output_golden, "GOLDEN"),
            partial(
                output_golden.test_format_is_as_the_golden_file_has_it, "small", "markdown", "small.md"
            ),
            "small.md",
        ),
    ],
    "Add a result": [
        Forgotten(
            1,
            changed(test_architecture, "results", lambda: [*RESULTS, Silent]),
            test_architecture.test_what_lays_a_result_out_lies_in_its_room,
            "Silent is no Shown",
        ),
        Forgotten(
            1,
            removed(comparison_table, "tabulate"),
            test_architecture.test_what_lays_a_result_out_lies_in_its_room,
            "tabulate",
        ),
        Forgotten(
            2,
            changed(test_architecture, "results", lambda: [*RESULTS, Silent]),
            test_architecture.test_every_result_is_written_by_a_command,
            "Silent",
        ),
    ],
    "Add a counting profile": [
        Forgotten(
            1,
            put(PROFILES, "thop", rules=without_dense),
            partial(test_profiles.test_every_type_has_a_rule_or_is_said_to_have_none, "thop"),
            "dense",
        ),
        Forgotten(
            2,
            dropped(QUANTITIES, "pooled_by_stride"),
            partial(
                test_profiles.test_rules_are_about_known_layers_and_quantities, "convnet-burden"
            ),
            "pooled_by_stride",
        ),
        Forgotten(
            3,
            without("TESTS", "oracle/tools.py", '    "thop": ("thop", thop),\n', test_profiles),
            test_profiles.test_every_profile_of_a_tool_is_compared_with_it,
            "thop",
        ),
        Forgotten(
            3,
            put(PROFILES, "thop", version="thop 7.5"),
            partial(test_profiles.test_the_version_of_a_tool_is_pinned, "thop"),
            "thop==7.5",
        ),
        Forgotten(
            3,
            changed(test_profiles, "SMALL", ()),
            partial(test_profiles.test_numbers_that_a_tool_printed_are_typed, "xla"),
            "xla",
        ),
        Forgotten(
            4,
            without("DOCS", "profiles.md", "\n### thop\n", test_docs),
            partial(has_heading, "profiles", "thop"),
            "thop",
        ),
    ],
    "Add a spec": [
        Forgotten(
            1,
            changed(test_shipped, "report_of", without_totals),
            partial(test_shipped.test_a_spec_says_what_it_is_and_what_it_expects, "lenet5"),
            "expect_source",
        ),
        Forgotten(
            2,
            dropped(test_shipped.TOTALS, "lenet5"),
            test_shipped.test_these_are_the_shipped_specs,
            "lenet5",
        ),
        Forgotten(
            3,
            without("DOCS", "networks.md", "\n### lenet5\n", test_docs),
            partial(has_heading, "networks", "lenet5"),
            "lenet5",
        ),
    ],
    "Add a published table": [
        Forgotten(
            1,
            changed(shapecalc.spec.find, "shipped_tables", lambda: all_but_one),
            test_tables.test_these_are_the_shipped_tables,
            "resnet-text",
        ),
        Forgotten(
            2,
            changed(test_tables, "compared", without_erratum),
            partial(test_tables.test_every_cell_is_a_match_or_a_known_erratum, "resnet-text"),
            "VGG-16",
        ),
        Forgotten(
            3,
            dropped(test_tables.FOUND, "resnet-text"),
            test_tables.test_these_are_the_shipped_tables,
            "resnet-text",
        ),
        Forgotten(
            3,
            dropped(test_tables.ERRATA, ("resnet-text", "VGG-16", "FLOPs")),
            test_tables.test_the_errata_are_these_and_no_others,
            "resnet-text",
        ),
        Forgotten(
            3,
            dropped(tables_golden.FILES, "resnet-text.txt"),
            partial(tables_golden.test_every_table_has_a_golden_file, "resnet-text"),
            "resnet-text.txt",
        ),
    ],
    "Add a misconception": [
        Forgotten(
            1,
            dropped(CATALOGUE, P1),
            test_misconceptions.test_ids_count_from_one_in_every_part_of_the_catalogue,
            P1,
        ),
        Forgotten(
            1,
            put(CATALOGUE, P1, examples=()),
            lambda: test_misconceptions.test_an_entry_is_in_whole_sentences_and_holds_no_number_of_a_key(
                CATALOGUE[P1]
            ),
            "examples",
        ),
        Forgotten(
            1,
            put(CATALOGUE, P1, examples=(CATALOGUE[P1].examples[0]._replace(wrong="123457"),)),
            lambda: test_misconceptions.test_the_wrong_answer_of_an_example_is_named(
                P1, CATALOGUE[P1].examples[0]
            ),
            "'wrong'",
        ),
        Forgotten(
            2,
            changed(rules, "COLUMNS", without_p1),
            test_simulated_class.test_nearly_all_misconceptions_are_simulated,
            P1,
        ),
        Forgotten(
            3,
            without("DOCS", "misconceptions.md", "\n### P1\n", test_docs),
            partial(has_heading, "misconceptions", P1),
            P1,
        ),
    ],
    "Add an export": [
        Forgotten(
            1,
            put(EXPORTS, "gift", write="gift.wrapped"),
            partial(
                test_command.test_every_export_has_a_golden_file_and_a_test_that_reads_what_it_writes,
                "gift",
            ),
            "wrapped",
        ),
        Forgotten(
            1,
            dropped(EXPORTS, "gift"),
            test_command.test_every_module_writes_an_export_or_helps_one,
            "gift",
        ),
        Forgotten(
            2,
            without("DOCS", "exports.md", "| `gift` |", test_command),
            partial(test_command.test_the_documentation_says_what_is_lost, "gift"),
            "gift",
        ),
        Forgotten(
            3,
            dropped(test_command.FILES, "quiz.gift"),
            partial(
                test_command.test_every_export_has_a_golden_file_and_a_test_that_reads_what_it_writes,
                "gift",
            ),
            "gift",
        ),
        Forgotten(
            3,
            elsewhere(test_command, "HERE"),
            partial(
                test_command.test_every_export_has_a_golden_file_and_a_test_that_reads_what_it_writes,
                "gift",
            ),
            "no test reads what gift writes",
        ),
    ],
    "Add an error": [
        Forgotten(
            1,
            dropped(CODES, "E758"),
            errors_docs.test_every_code_that_the_package_uses_is_one,
            "E758",
        ),
        Forgotten(
            2,
            elsewhere(errors_golden, "HERE"),
            partial(errors_golden.test_every_code_has_a_golden_text, "E758"),
            "E758",
        ),
        Forgotten(
            3,
            dropped(errors_docs.PARAGRAPHS, "E758"),
            partial(of_errors, CODES["E758"]),
            "E758",
        ),
        Forgotten(
            3,
            changed(errors_docs, "PAGE", errors_docs.PAGE.replace("\n### E758\n", "")),
            partial(of_errors, CODES["E758"]),
            "docs/errors.md lacks E758",
        ),
    ],
    "Add a subcommand": [
        Forgotten(
            1,
            changed(test_cli, "COMMANDS", [name for name in test_cli.COMMANDS if name != "run"]),
            test_cli.test_every_command_of_the_modules_is_a_command_and_stands_in_one_of_its_name,
            "run",
        ),
        Forgotten(1, changed(run, "epilog", ""), of_run, "Example"),
        Forgotten(2, elsewhere(test_docs, "DOCS"), of_run, "run.md"),
        Forgotten(
            2,
            without("ROOT", "mkdocs.yml", "run.md", test_docs),
            test_docs.test_the_site_leads_to_every_page,
            "run.md",
        ),
        Forgotten(
            2,
            changed(test_docs, "prose", lambda page: page.read_text("utf-8").replace("run.md", "")),
            test_docs.test_the_first_page_leads_to_every_page,
            "run.md",
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "forgotten",
    [
        pytest.param(step, id=f"{heading}, {step.step}: {step.names}")
        for heading, steps in RECIPES.items()
        for step in steps
    ],
)
def test_a_forgotten_step_is_noticed(
    forgotten: Forgotten, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in (output_golden, explain_golden, errors_golden):
        monkeypatch.setattr(module, "REGENERATE", False)
    forgotten.guard()
    forgotten.taken_back(monkeypatch, tmp_path)
    with pytest.raises(FAILURES, match=re.escape(forgotten.names)):
        forgotten.guard()


def test_rows_go_back_where_they_stood(tmp_path: Path) -> None:
    table = {"a": 1, "b": 2, "c": 3}
    with pytest.MonkeyPatch.context() as monkeypatch:
        dropped(table, "b")(monkeypatch, tmp_path)
        assert list(table) == ["a", "c"]
    assert list(table.items()) == [("a", 1), ("b", 2), ("c", 3)]


def written_recipes() -> Iterator[tuple[str, list[int]]]:
    """Yield the headings of CONTRIBUTING.md with the numbers of their steps."""
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        if steps := re.findall(r"^(\d+)\. ", text, re.MULTILINE):
            yield heading, list(map(int, steps))


def test_every_step_that_is_written_is_followed_and_no_other() -> None:
    followed = {
        heading: sorted({step.step for step in steps}) for heading, steps in RECIPES.items()
    }
    assert dict(written_recipes()) == followed
    assert all(2 <= len(steps) <= 4 for steps in followed.values())


def test_every_path_that_is_named_exists() -> None:
    words = re.findall(r"`([^`\n]+)`", TEXT)
    paths = [
        word
        for word in words
        if re.fullmatch(r"[\w./-]+(/|/\w+|\.(py|md|toml|yaml|yml))", word) and "NAME" not in word
    ]
    assert len(paths) > 50
    missing = [
        path for path in paths if not any((ROOT / top / path).exists() for top in ("", "shapecalc"))
    ]
    assert missing == []


def test_the_rooms_are_those_of_the_house_in_their_order() -> None:
    assert "    text -> tree -> spec -> graph -> report -> table -> text\n" in TEXT
    rows = re.findall(r"^\| (`.*?`) \| .*? \| `(.*?)` \|$", TEXT, re.MULTILINE)
    rooms = [name.strip("/`").removesuffix(".py") for row, _ in rows for name in row.split(", ")]
    package = ROOT / "shapecalc"
    built = [
        name
        for name in test_architecture.ORDER.split()
        if (package / name).exists() or (package / f"{name}.py").exists()
    ]
    assert rooms == built
    for row, first in rows:
        assert first.startswith(row.split(", ")[0].strip("`"))


def test_it_is_short() -> None:
    assert len(TEXT.encode()) <= 6500
