"""What options do to a table, and what they answer to words that they do not know."""

import csv
import io
import json
from typing import Any

import pytest

import shapecalc
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.storage import BITS
from shapecalc.errors import SpecErrors
from shapecalc.output.cells import UNITS
from shapecalc.output.columns import COLUMNS
from shapecalc.output.formats import FORMATS, format_for, write
from shapecalc.output.options import make_view
from shapecalc.report import UNKNOWN, Report
from tests.output.reports import changed, compute, report
from tests.output.reread import READERS, without_mark

SPEC = """\
input: 5x7x2
layers:
  - conv: {filters: 3, kernel: 2x3}
  - relu
  - maxpool: {kernel: 2, stride: 2x1}
  - dense: 4
  - softmax
"""


def records(network: Report, **options: Any) -> dict[str, dict[str, Any]]:
    """Return the rows of the JSON by name."""
    return {row["name"]: row for row in json.loads(write(network, "json", **options))["rows"]}


def column(network: Report, key: str, **options: Any) -> list[str]:
    """Return the cells of one column of the text, with the total if there is one."""
    grid = READERS["text"](write(network, "text", columns=f"name,{key}", **options))
    return [row[1] for row in grid.rows] + grid.totals[1:]


def test_counts_of_a_small_net_by_hand() -> None:
    """Weights 3*2*2*3, bias 3; output 4x5x3; pool 2x4x3; dense 24*4 + 4."""
    rows = records(compute(SPEC), profile="full")
    conv, pool, dense = rows["conv1"], rows["pool1"], rows["fc1"]
    assert conv["output"] == [4, 5, 3]
    assert conv["inputs"] == [[5, 7, 2]]
    assert (conv["weights"], conv["biases"], conv["params"]) == (36, 3, 39)
    assert (conv["macs"], conv["flops"]) == (36 * 20, 2 * 36 * 20)
    assert conv["count"] == 2 * 36 * 20 + 60
    assert (conv["activations"], conv["memory"], conv["units"]) == (60, 240, 60)
    assert (conv["receptive_field"], conv["jump"]) == ([2, 3], [1, 1])
    assert (pool["output"], pool["count"], pool["connections"]) == ([2, 4, 3], 96, 96)
    assert (pool["receptive_field"], pool["jump"]) == ([3, 4], [2, 1])
    assert (dense["output"], dense["params"], dense["count"]) == ([4], 100, 2 * 96 + 4)
    assert (dense["jump"], dense["connections"]) == (None, 100)
    assert rows["relu1"]["activations"] == 0
    assert rows["input"] == {
        **dict.fromkeys(conv, 0),
        "name": "input",
        "type": "input",
        "does": "",
        "from": [],
        "inputs": [],
        "output": [5, 7, 2],
        "units": 70,
        "connections": None,
        "activations": 70,
        "memory": 280,
        "receptive_field": [1, 1],
        "jump": [1, 1],
        "shared": None,
        "note": "",
    }


def test_json_names_its_schema_and_states_how_was_counted() -> None:
    data = json.loads(write(compute(SPEC), "json", batch=3, dtype="int8", layout="chw"))
    assert list(data) == [
        "schema",
        "network",
        "source",
        "layout",
        "batch",
        "dtype",
        "count_inplace",
        "profile",
        "conventions",
        "rows",
        "totals",
        "peak",
    ]
    assert (data["schema"], data["layout"]) == ("shapecalc.report/1", "chw")
    assert (data["batch"], data["dtype"], data["profile"]) == (3, "int8", None)
    assert data["source"]["file"] == "<text>"
    assert data["rows"][1]["output"] == [3, 4, 5]
    totals = data["totals"]
    assert totals["memory"] == 3 * totals["activations"] == 3 * (70 + 60 + 24 + 4)
    assert totals["peak_memory"] == 3 * totals["peak_activations"] == 3 * (70 + 60)
    assert totals["parameter_memory"] == totals["params"] == 139
    assert "count" not in totals


def test_json_counts_by_the_profile_asked_for() -> None:
    data = json.loads(write(compute(SPEC), "json", profile="flops"))
    profile = PROFILES["flops"]
    assert data["profile"] == {
        "name": "flops",
        "label": profile.label,
        "note": profile.note,
        "version": "",
        "of": "operations",
        "not_counted": [],
    }
    assert data["totals"]["count"] == data["totals"]["flops"]


@pytest.mark.parametrize("name", PROFILES)
def test_profile_is_labelled_in_its_own_words(name: str) -> None:
    for format_ in ("text", "markdown", "html"):
        text = write(report("alexnet"), format_, profile=name)
        assert f"count: {name}" in text
        assert PROFILES[name].label.split(",")[0] in text


def test_profiles_of_alexnet() -> None:
    """`full` adds to 2 per MAC what the rows' work has, kind by kind."""
    work = report("alexnet").totals.work
    totals = {name: column(report("alexnet"), "count", profile=name)[-1] for name in PROFILES}
    assert totals["macs"] == "1,135,256,096"
    assert totals["flops"] == "2,270,512,192"
    others = sum(work) - work.macs
    assert int(totals["full"].replace(",", "")) == 2 * work.macs + others


def test_batch_and_type_scale_memory_and_nothing_else() -> None:
    plain = records(compute(SPEC))
    for name, row in records(compute(SPEC), batch=5, dtype="float16").items():
        assert row.pop("memory") * 2 == plain[name].pop("memory") * 5
        assert row == plain[name]
    text = write(compute(SPEC), "text", batch=5, dtype="float16")
    assert "per example" in text
    assert "2 bytes per element (float16); activations of a batch of 5" in text
    assert "per example" not in write(compute(SPEC), "text")


@pytest.mark.parametrize("dtype", BITS)
def test_bits_of_a_type_are_in_its_name(dtype: str) -> None:
    assert BITS[dtype] == int("".join(filter(str.isdecimal, dtype)))


def test_what_works_in_place_counts_when_asked() -> None:
    network = compute(SPEC)
    assert column(network, "activations") == ["70", "60", "0", "24", "4", "0", "158"]
    counted = column(network, "activations", count_inplace=True)
    assert counted == ["70", "60", "60", "24", "4", "4", "222"]
    assert "count too" in write(network, "text", count_inplace=True)


def test_units_are_in_the_headers_and_their_base_in_the_legend() -> None:
    for unit, (base, size) in list(UNITS.items())[1:]:
        # a batch of 512 takes 2.15 GB: every unit is reached, so that none gives way to a smaller
        text = write(report("alexnet"), "text", units=unit, columns="name,macs,memory", batch=512)
        assert f"MACs ({unit})" in text
        assert f"memory ({size})" in text
        assert f"{unit:<11}  {base:,}" in text
    assert column(report("alexnet"), "params", units="M")[-1] == "62.38"
    plain = write(report("alexnet"), "csv")
    assert write(report("alexnet"), "csv", units="G") == plain


def test_three_marks_are_three() -> None:
    network = compute(SPEC)
    first = network.rows[1]._replace(connections=UNKNOWN)  # type: ignore[arg-type]
    strange = changed(network, rows=(network.rows[0], first, *network.rows[2:]))
    assert column(strange, "connections")[:4] == ["\N{EN DASH}", "?", "\N{EN DASH}", "96"]
    assert column(strange, "params")[:2] == ["0", "39"]
    text = write(strange, "text", columns="name,connections")
    assert "\N{EN DASH}            not applicable" in text
    assert "?            unknown" in text
    table = list(csv.DictReader(io.StringIO(write(strange, "csv"))))
    assert [row["connections"] for row in table[:3]] == ["", "?", ""]
    assert [row["connections"] for row in records(strange).values()][:3] == [None, "unknown", None]


def test_layout_turns_volumes() -> None:
    network = report("small")
    assert column(network, "output", layout="chw", depth=0)[1] == "6x9x7"
    assert column(network, "input", depth=0)[-3:] == ["9x7x21", "4x2x21", "4x2x21"]
    joined = READERS["markdown"](write(network, "markdown", columns="name,input", depth=0)).rows
    assert ["twig1/concat1", "9x7x(5+10+6)"] in joined
    joined = READERS["markdown"](
        write(network, "markdown", columns="name,input", depth=0, layout="chw")
    ).rows
    assert ["twig1/concat1", "(5+10+6)x9x7"] in joined
    assert "channels x height x width" in write(network, "text", layout="chw")
    assert "length x channels" in write(report("padding-same"), "text")


def test_sorting() -> None:
    network = report("alexnet")
    by_params = [row["params"] for row in records(network, sort="params").values()]
    assert by_params == sorted(by_params, reverse=True)
    names = [row["name"] for row in records(network, sort="name").values()]
    assert names == sorted(names)
    fields = [row["receptive_field"] for row in records(report("two-input"), sort="rf").values()]
    known = [field for field in fields if field is not None]
    assert known == sorted(known, reverse=True)
    assert fields == known + [None] * (len(fields) - len(known))
    volumes = column(network, "output", sort="output")
    assert (volumes[0], volumes[-2]) == ("55x55x96", "1000")
    assert "Sorted by MACs." in write(network, "text", sort="macs")


def test_formats_for_people_fold_blocks_and_say_so() -> None:
    folded = "Blocks are folded into one line each; --depth all shows every layer."
    network = report("googlenet")
    assert folded in write(network, "text")
    assert folded not in write(network, "text", depth=0)
    assert folded not in write(report("alexnet"), "text")
    assert len(records(network)) == len(network.rows) == 143
    assert len(records(network, depth=1)) == 23


def test_shares_are_in_percent() -> None:
    assert column(report("alexnet"), "params%")[-3:] == ["6.6%", "0", "100.0%"]
    assert column(report("alexnet"), "macs%")[1] == "9.3%"
    shares = [
        row["macs_percent"] for row in records(report("alexnet"), columns="name,macs%").values()
    ]
    assert sum(shares) == pytest.approx(100, abs=0.01)


def test_columns_are_called_by_key_machine_name_or_title() -> None:
    for word in ("rf", "receptive_field", "RF"):
        (found,) = make_view(columns=word).columns or ()
        assert found.key == "rf"
    assert [c.key for c in make_view(columns=["MACs", "layer", "macs"]).columns or ()] == [
        "macs",
        "name",
    ]
    names = [c.key for c in COLUMNS] + [c.name for c in COLUMNS if c.field]
    assert len(set(names)) == len(names)


def test_all_columns_are_all() -> None:
    device = "ops=1T,bandwidth=1G"
    assert make_view(columns="all", profile="macs", device=device).columns == COLUMNS
    needy = ("count", "least_time", "bound")
    without = make_view(columns="all").columns
    assert without == tuple(column for column in COLUMNS if column.key not in needy)


def test_the_file_that_was_read_is_named() -> None:
    assert write(report("alexnet"), "text").endswith(
        "Read from alexnet.yaml (shipped with shapecalc).\n"
    )


def test_a_column_other_than_the_name_may_come_first() -> None:
    text = write(report("small"), "text", columns="output,params", depth=0)
    grid = READERS["text"](text)
    assert grid.totals == ["total", "2,495"]
    assert without_mark(grid.rows[1][0]) == "9x7x6"
    assert grid.rows[1][0] == "9x7x6 ¹"


def test_pages_of_a_notebook() -> None:
    network = report("small")
    assert network._repr_html_().startswith('<div class="shapecalc">')
    assert "<html" not in network._repr_html_()
    assert network._repr_markdown_() == write(network, "markdown")
    assert str(network).startswith("Small & strange\n")


def refused(**options: Any) -> list[tuple[str, str, str]]:
    """Return code, message and hint of everything that is wrong with options."""
    with pytest.raises(SpecErrors) as caught:
        make_view(**options)
    return [(each.code, each.message, each.hint) for each in caught.value.problems]


def test_words_that_are_not_known_are_all_answered() -> None:
    assert refused(dtype="flot32", units="T", layout="whc", profile="fully", batch=0, depth=-1) == [
        ("E303", "unknown dtype 'flot32'", "did you mean 'float32'?"),
        ("E303", "unknown units 'T'", "one of exact, K, M, G, Ki, Mi, Gi, auto"),
        ("E303", "unknown layout 'whc'", "did you mean 'hwc'?"),
        ("E303", "unknown profile 'fully'", "did you mean 'full'?"),
        ("E303", "batch must be at least 1, but is 0", ""),
        ("E303", "depth must be at least 0, but is -1", ""),
    ]
    assert refused(columns="name, parms,,zzz", sort="outpt") == [
        ("E301", "unknown column 'parms'", "did you mean 'params'?"),
        (
            "E301",
            "a column's name is missing",
            "the columns are " + ", ".join(column.key for column in COLUMNS),
        ),
        (
            "E301",
            "unknown column 'zzz'",
            "the columns are " + ", ".join(column.key for column in COLUMNS),
        ),
        ("E301", "unknown column 'outpt'", "did you mean 'output'?"),
    ]
    assert refused(columns="name,count") == [
        (
            "E301",
            "the column 'count' needs a profile to count by",
            "add --profile NAME; `shapecalc profiles` lists them",
        )
    ]


def test_a_wrong_column_is_pointed_at() -> None:
    with pytest.raises(SpecErrors) as caught:
        make_view(columns="name, parms,output")
    (problem,) = caught.value.problems
    assert problem.origin is not None
    assert problem.origin.source[:2] == ("--columns name, parms,output", "name, parms,output")
    assert problem.origin.span == (0, 6, 0, 11)


@pytest.mark.parametrize(
    ("name", "path", "terminal", "chosen"),
    [
        (None, None, True, "terminal"),
        (None, None, False, "text"),
        ("csv", "a.md", True, "csv"),
        (None, "out/a.b/net.HTML", True, "html"),
        (None, "net.tex", False, "latex"),
        (None, "c:\\x\\net.md", False, "markdown"),
    ],
)
def test_format_is_chosen(name: str, path: str, terminal: bool, chosen: str) -> None:
    assert format_for(name, path, terminal=terminal) == chosen


@pytest.mark.parametrize(
    ("name", "path", "message", "hint"),
    [
        ("markdwn", None, "unknown format 'markdwn'", "did you mean 'markdown'?"),
        ("zip", None, "unknown format 'zip'", f"one of {', '.join(FORMATS)}"),
        (None, "net.pdf", "no format has the suffix '.pdf'", "use .txt, .md, "),
        (None, "out.d/net", "the file has no suffix", "use .txt, .md, "),
        (None, ".csv", "the file has no suffix", "use .txt, .md, "),
    ],
)
def test_format_is_refused(name: str, path: str, message: str, hint: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        format_for(name, path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("E302", message)
    assert problem.hint.startswith(hint)


def test_every_format_is_rendered_and_refused_by_name() -> None:
    for name in FORMATS:
        assert write(report("small"), name)
    with pytest.raises(SpecErrors, match="E302"):
        write(report("small"), "pdf")


def test_layers_with_one_note_have_one_mark() -> None:
    text = "input: 8x8x3\nlayers: [relu: {note: same}, tanh: {note: same}, elu: {note: other}]\n"
    lines = write(compute(text), "text").splitlines()
    names = [line.split("  ")[0] for line in lines if line.startswith(("relu1", "tanh1", "elu1"))]
    assert names == ["relu1 ¹", "tanh1 ¹", "elu1 ²"]
    assert [line for line in lines if line.startswith(("¹", "²"))] == ["¹ same", "² other"]


def test_only_marks_that_occur_are_explained() -> None:
    text = "input: 8x8x3\nlayers: [conv: {filters: 2, kernel: 3}, lrn]\n"
    known, unknown = (
        write(compute(text), "text", columns="name,count", profile=profile)
        for profile in ("macs", "fvcore")
    )
    assert [line.split()[0] for line in unknown.splitlines() if line.endswith("unknown")] == ["?"]
    assert not any(line.endswith("unknown") for line in known.splitlines())


def test_json_hands_a_terminal_nothing_that_it_obeys() -> None:
    text = 'input: 8x8x3\nlayers: [relu: {note: "\\e[31mred"}]\n'
    written = write(compute(text), "json")
    assert "\x1b" not in written
    assert json.loads(written)["rows"][1]["note"] == "\x1b[31mred"


def test_a_format_that_is_like_no_other_is_told_which_there_are() -> None:
    with pytest.raises(SpecErrors) as caught:
        write(compute(SPEC), "zzzz")
    (problem,) = caught.value.problems
    assert problem.hint == f"one of {', '.join(FORMATS)}"


def test_a_picture_beside_numbers_is_seen_in_pixels() -> None:
    """A signal is seen in positions; one input with two sides is enough for pixels."""
    inputs = {"pixels": "{picture: 8x8x3, facts: 10}", "positions": "{picture: 64x3, facts: 10}"}
    for word, written in inputs.items():
        text = (
            f"inputs: {written}\nlayers: [flatten: {{from: picture}}, concat: {{from: [., facts]}}]"
        )
        legend = write(compute(text), "text")
        assert f"the input's {word} that a unit sees" in legend


def test_a_network_with_a_picture_among_its_inputs_has_pixels() -> None:
    conv = "conv: {filters: 2, kernel: 3, from: "
    shapes = {"9x3": "positions", "9x9x3": "pixels"}
    for shape, word in shapes.items():
        text = f"inputs: {{p: {shape}, q: 7x3}}\nlayers: [{conv}p}}, {conv}q}}]\noutputs: [conv1]"
        table = shapecalc.summarize(shapecalc.loads(text)).render("text")
        assert f"receptive field, the input's {word} that a unit sees per side" in table
