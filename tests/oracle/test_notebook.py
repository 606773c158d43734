"""IPython and pandas themselves: the magic word in a session, data frames as they are made."""

from __future__ import annotations

import io

import pytest

import shapecalc

pytestmark = pytest.mark.oracle

TABLE = "layer,output,params\nconv1,55x55x96,34848\npool1,27x27x96,\n"
VERDICTS = ["right", "misconception", "right", "blank"]


@pytest.fixture
def run(monkeypatch):
    """Return what runs a cell in a session, and returns its result and what was shown."""
    module = pytest.importorskip("IPython.core.interactiveshell")
    capture = pytest.importorskip("IPython.utils.capture").capture_output
    monkeypatch.setenv("NO_COLOR", "1")
    shell = module.InteractiveShell.instance(colors="nocolor")

    def cell(text: str) -> tuple[object, str]:
        with capture() as caught:
            done = shell.run_cell(text)
        shown = "".join(str(output) for output in caught.outputs)
        return done, caught.stdout + caught.stderr + shown

    yield cell
    module.InteractiveShell.clear_instance()


def test_a_cell_shows_its_check(run) -> None:
    run("%load_ext shapecalc")
    done, shown = run(f"%%homework --against alexnet\n{TABLE}")
    assert done.success
    assert [judged.verdict for judged in done.result.checked.cells] == VERDICTS
    assert "2 of 4 cells are right; 1 wrong, 1 blank." in shown


def test_a_check_is_a_page_and_a_text(run) -> None:
    run("from IPython.display import display")
    for answers in (f"shapecalc.check({TABLE!r}, against='alexnet')", f"get_ipython().run_cell_magic('homework', '--against alexnet', {TABLE!r})"):  # fmt: skip
        run("import shapecalc\n%load_ext shapecalc")
        done, _ = run(answers)
        made = run(f"get_ipython().display_formatter.format({answers})[0]")[0].result
        assert "<table" in made["text/html"]
        assert made["text/plain"].startswith("AlexNet\n2 of 4 cells are right")
        assert done.success


def test_wrong_use_is_no_traceback(run) -> None:
    run("%load_ext shapecalc\nimport shapecalc")
    for text in ("%%homework nothing.yaml\nlayer,params\nconv1,3\n", "shapecalc.check(5, against='alexnet')", "shapecalc.summarize('nonet')", "shapecalc.check('a\\nb')"):  # fmt: skip
        _, shown = run(text)
        assert shown.lstrip().startswith("error[E")
        assert "Traceback" not in shown
        assert "hint: " in shown
        assert len(shown.strip().splitlines()) <= 4


def test_an_empty_cell_is_told(run) -> None:
    run("%load_ext shapecalc")
    done, shown = run("%%homework --against alexnet\n")
    assert not done.success
    assert "UsageError" in shown
    assert "Traceback" not in shown


def test_data_frames_as_pandas_makes_them() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"layer": ["conv1", "pool1"], "output": ["55x55x96", "27x27x96"], "params": [34848, None]})  # fmt: skip
    assert frame["params"].tolist()[0] == 34848.0  # a gap makes floats of whole numbers
    by_layer = frame.set_index("layer")
    forms = [
        frame,
        frame.convert_dtypes(),
        frame[frame["output"].notna()].set_index([[5, 6]]),
        by_layer,
        by_layer.rename_axis(None),
        by_layer.rename_axis("what"),
        frame.to_dict(),
        frame.to_dict("records"),
        frame.to_dict("list"),
        frame.to_dict("series"),
        by_layer.to_dict("index"),
        by_layer.T.to_dict(),
        frame.astype("category"),
        frame.astype({"params": "Int64"}),
        frame.melt("layer", var_name="column").to_dict("records"),
        frame.sort_values("layer", ascending=False),
    ]
    for form in forms[:6]:
        assert [
            judged.verdict for judged in shapecalc.check(form, against="alexnet").cells
        ] == VERDICTS
    for form in forms[6:]:
        checked = shapecalc.check(form, homework={"spec": "alexnet", "layers": ["conv1", "pool1"], "columns": ["output", "params"]})  # fmt: skip
        assert [judged.verdict for judged in checked.cells] == VERDICTS
    extents = shapecalc.check(frame.assign(output=[(55, 55, 96), "27x27x96"]), against="alexnet")
    assert [judged.verdict for judged in extents.cells] == ["right_other_notation", *VERDICTS[1:]]
    column = by_layer["params"]
    assert [judged.verdict for judged in shapecalc.check(column, against="alexnet").cells] == VERDICTS[1::2]  # fmt: skip
    read = pandas.read_csv(io.StringIO(TABLE))
    assert [judged.verdict for judged in shapecalc.check(read, against="alexnet").cells] == VERDICTS


def test_data_frames_as_polars_makes_them() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"layer": ["conv1", "pool1"], "output": ["55x55x96", "27x27x96"], "params": [34848, None]})  # fmt: skip
    assert [
        judged.verdict for judged in shapecalc.check(frame, against="alexnet").cells
    ] == VERDICTS
