"""The command line as a user meets it: outputs, files, exit codes."""

import ast
import csv
import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import Result

from shapecalc import __version__
from shapecalc.cli import COMMANDS, main
from shapecalc.spec.find import shipped
from tests.paths import ROOT
from tests.runner import runner

CLI = ROOT / "shapecalc" / "cli"
SPEC = "input: 8x9x2\nlayers:\n  - conv: {filters: 3, kernel: 5}\n  - relu\n"


def run(*words: str, text: str | None = None) -> Result:
    return runner().invoke(main, list(words), input=text, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_version() -> None:
    assert run("--version").stdout == f"shapecalc, version {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_sentence_in_the_help(command: str) -> None:
    (line,) = [
        line for line in run("--help").stdout.splitlines() if line.startswith(f"  {command} ")
    ]
    assert len(line.split()) > 3


def commands_in(path: Path) -> set[str]:
    """Return the commands of a module that stand below no other: `@click.command`, or a group."""
    return {
        node.name
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator).startswith(("click.command(", "click.group("))
    }


def test_every_command_of_the_modules_is_a_command_and_stands_in_one_of_its_name() -> None:
    commands = {
        path.stem: commands_in(path)
        for path in CLI.glob("*.py")
        if not path.stem.startswith(("__init__", "homework_"))
    }
    assert set().union(*commands.values()) == set(COMMANDS)
    apart = {module for module, names in commands.items() if names and names != {module}}
    assert apart == {"inventory"}


def test_unknown_command_gets_a_suggestion() -> None:
    result = run("sumarize", "alexnet")
    assert result.exit_code == 2
    assert "did you mean 'summarize'?" in result.stderr


@pytest.mark.parametrize("name", ["alexnet", "alexnet.yaml"])
def test_shipped_spec_is_found_from_any_folder_with_and_without_suffix(
    name: str, folder: Path
) -> None:
    result = run("summarize", name)
    assert result.exit_code == 0
    assert "62,378,344" in result.stdout
    assert "alexnet.yaml (shipped with shapecalc)" in result.stdout


def test_file_on_disk_wins_over_a_shipped_spec_and_is_named(folder: Path) -> None:
    Path("alexnet.yaml").write_text(SPEC, encoding="utf-8")
    for name in ("alexnet", "alexnet.yaml"):
        out = run("summarize", name).stdout
        assert "62,378,344" not in out
        assert "Read from alexnet.yaml." in out


def test_folder_of_the_name_of_a_shipped_spec_does_not_hide_it(folder: Path) -> None:
    Path("alexnet").mkdir()
    assert "62,378,344" in run("summarize", "alexnet").stdout


def test_standard_input(folder: Path) -> None:
    result = run("summarize", "-", "--format", "csv", text=SPEC)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["output"] for row in rows[:2]] == ["8x9x2", "4x5x3"]


@pytest.mark.parametrize(
    ("suffix", "begin"),
    [
        (".md", "**"),
        (".csv", "name,"),
        (".json", "{"),
        (".tex", "%"),
        (".html", "<!"),
        (".txt", ""),
    ],
)
def test_suffix_of_the_file_decides_the_format(suffix: str, begin: str, folder: Path) -> None:
    result = run("summarize", "lenet5", "-o", f"table{suffix}")
    assert (result.exit_code, result.stdout) == (0, "")
    assert Path(f"table{suffix}").read_text(encoding="utf-8").lower().startswith(begin)


def test_format_wins_over_the_suffix(folder: Path) -> None:
    run("summarize", "lenet5", "-o", "table.txt", "--format", "json")
    assert json.loads(Path("table.txt").read_text(encoding="utf-8"))["rows"]


def test_failure_leaves_the_old_file_and_no_other(folder: Path) -> None:
    Path("bad.yaml").write_text("input: 3x4x5\nlayers: [rleu]\n", encoding="utf-8")
    Path("table.md").write_text("precious", encoding="utf-8")
    result = run("summarize", "bad.yaml", "-o", "table.md")
    assert result.exit_code == 2
    assert Path("table.md").read_text(encoding="utf-8") == "precious"
    assert sorted(os.listdir()) == ["bad.yaml", "table.md"]


def test_that_nothing_is_expected_is_remarked(folder: Path) -> None:
    Path("net.yaml").write_text(SPEC, encoding="utf-8")
    result = run("summarize", "net.yaml", "--check")
    assert result.exit_code == 0
    assert result.stderr == (
        "remark: net states nothing to check: add `expect: {params: ..., macs: ...}` to the spec\n"
    )
    assert result.stdout == run("summarize", "net.yaml").stdout


@pytest.mark.parametrize("target", ["nowhere/table.md", "folder"])
def test_file_that_cannot_be_written(target: str, folder: Path) -> None:
    Path("folder").mkdir()
    result = run("summarize", "lenet5", "-o", target, "--format", "markdown")
    assert result.exit_code == 2
    assert f"error[E007]: '{target}' cannot be written" in result.stderr
    assert os.listdir("folder") == []


def test_written_file_keeps_its_mode_and_a_link_stays_a_link(folder: Path) -> None:
    Path("real.md").write_text("old", encoding="utf-8")
    Path("real.md").chmod(0o640)
    Path("link.md").symlink_to("real.md")
    assert run("summarize", "lenet5", "-o", "link.md").exit_code == 0
    assert Path("link.md").is_symlink()
    assert Path("real.md").stat().st_mode & 0o777 == 0o640
    assert "LeNet" in Path("real.md").read_text(encoding="utf-8")


def test_check_agrees_with_every_shipped_spec(folder: Path) -> None:
    for name in shipped():
        result = run("summarize", name, "--check", "--format", "csv")
        assert (name, result.exit_code) == (name, 0)


def test_check_exits_1_and_tells_the_difference(folder: Path) -> None:
    Path("net.yaml").write_text(SPEC + "expect: {params: 154, macs: 3000}\n", encoding="utf-8")
    result = run("summarize", "net.yaml", "--check")
    assert result.exit_code == 1
    assert "check: params is 153, expected 154 (-1)" in result.stderr
    assert "check: macs 3,000 as expected" in result.stderr


def test_machine_formats_put_nothing_else_on_standard_output() -> None:
    for format_ in ("json", "csv"):
        result = run("summarize", "alphago", "--check", "--format", format_, "--set", "k=128")
        assert result.exit_code == 0
        assert "check" not in result.stdout
        if format_ == "json":
            assert json.loads(result.stdout)["totals"]["params"] == 1_777_641


def test_problems_as_json_go_to_standard_error() -> None:
    result = run("summarize", "-", "--format", "json", text="input: 3x4x5\nlayers: [rleu]\n")
    assert (result.exit_code, result.stdout) == (2, "")
    (problem,) = json.loads(result.stderr)["problems"]
    assert (problem["code"], problem["line"], problem["column"]) == ("E112", 2, 10)
    assert problem["hint"] == "did you mean 'relu'?"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--columns", "params,macz"], "E301"),
        (["--sort", "paramz"], "E301"),
        (["--format", "markdwon"], "E302"),
        (["-o", "table.doc"], "E302"),
        (["--units", "kilo"], "E303"),
        (["--dtype", "float33"], "E303"),
        (["--profile", "flop"], "E303"),
        (["--set", "q=3"], "E303"),
        (["--input", "left=3x4x5"], "E303"),
        (["--input", "3xx5"], "E303"),
        (["--set", "novalue"], "NAME=VALUE"),
        (["--depth", "-1"], "'all'"),
        (["--depth", "deep"], "'all'"),
        (["--batch", "0"], "--batch"),
        (["--layout", "cwh"], "--layout"),
    ],
)
def test_wrong_options_exit_2_with_a_message(words: list[str], says: str, folder: Path) -> None:
    result = run("summarize", "lenet5", *words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
    assert os.listdir() == []


def test_columns_help_lists_the_columns() -> None:
    out = run("summarize", "--columns", "help").stdout
    assert "params" in out
    assert "receptive field" in out


def test_layers_lists_and_describes() -> None:
    assert "conv " in run("layers").stdout
    page = run("layers", "fc").stdout
    assert page.startswith("dense: ")
    assert "units" in page
    result = run("layers", "covn")
    assert result.exit_code == 2
    assert "did you mean 'conv'?" in result.stderr


def test_specs_lists_and_prints() -> None:
    listing = run("specs").stdout
    for name in shipped():
        assert f"\n{name} " in listing
    assert run("specs", "zfnet").stdout == Path("specs/zfnet.yaml").read_text(encoding="utf-8")


def test_schema_is_json(folder: Path) -> None:
    assert run("schema", "-o", "schema.json").exit_code == 0
    written = Path("schema.json").read_text(encoding="utf-8")
    assert json.loads(written)["$schema"].startswith("https://json-schema.org/")
    assert run("schema").stdout == written


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("shapecalc summarize vgg11", {"vgg11", "vgg11-lrn", "vgg11-torchvision"}),
        ("shapecalc layers adaptive_", {"adaptive_avgpool", "adaptive_maxpool"}),
        ("shapecalc sum", {"summarize"}),
    ],
)
def test_shell_completion(words: str, offered: set[str]) -> None:
    found = {value for kind, value in completed(words) if kind == "plain"}
    assert found == offered


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_shells_complete_files_themselves(option: str) -> None:
    assert completed(f"shapecalc summarize alexnet {option} out") == [("file", "out")]


def completed(words: str) -> list[tuple[str, str]]:
    """Return what a shell is told to offer for the last word: the kinds and the values."""
    env = {
        **os.environ,
        "_SHAPECALC_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    code = "from shapecalc.cli import main; main(prog_name='shapecalc')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return [(kind, value) for kind, value in (line.split(",") for line in done.stdout.split())]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell: str) -> None:
    assert "_SHAPECALC_COMPLETE" in run("completion", shell).stdout


def as_module(command: str) -> str:
    return command.replace("shapecalc", f"{sys.executable} -m shapecalc", 1)


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", as_module(command)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_reader_of_a_pipe_may_leave() -> None:
    words = "shapecalc sweep lenet5 --over N=32:20000 -f csv"  # more than a pipe holds
    done = shell(f"{words} | head -n 1; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (141, "")  # as of a program that SIGPIPE ended


@pytest.mark.parametrize("words", ["specs", "--help", "layers conv", "sweep lenet5 --over N=32:99"])
def test_a_pipe_that_nobody_reads_is_left_quietly(words: str) -> None:
    done = shell(f"(sleep 0.3; shapecalc {words}) | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (141, "")


def test_piped_output_has_no_colours_and_csv_imports_no_table_library() -> None:
    assert "\x1b" not in shell("shapecalc summarize alexnet").stdout
    code = (
        "import sys; from shapecalc.cli import main\n"
        "main(['summarize', 'googlenet', '--format', 'csv'], standalone_mode=False)\n"
        "print(*({'numpy', 'rich', 'dataclasses', 'pathlib'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split() == []


#: What a network without repeats, blocks or a base has no use for, nor has its table.
IDLE = {
    "locale",  # what gettext asks: our help is in English
    "shutil",  # which reads archives, and measures the terminal
    "heapq",
    "encodings.utf_8_sig",
    "shapecalc.graph.edits",
    "shapecalc.graph.rounds",
    "shapecalc.output.document",
    "shapecalc.report.fold",
    "shapecalc.report.generation",
    "shapecalc.spec.splits",
}


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        (["--format", "csv"], {*IDLE, "shapecalc.output.table"}),
        (["--format", "text"], IDLE),
        (["--format", "terminal"], {name for name in IDLE if "." in name} | {"locale"}),
    ],
)
def test_a_plain_network_is_summarized_without_what_others_need(
    words: list[str], idle: set[str]
) -> None:
    code = (
        "import sys; before = set(sys.modules); from shapecalc.cli import main\n"
        f"main(['summarize', 'alexnet', *{words}], standalone_mode=False)\n"
        "print(*(sys.modules.keys() - before), file=sys.stderr)"  # (Python 3.13 reads .pth files)
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "shapecalc.report.propagate" in done.stderr.split()
    assert idle & {*done.stderr.split()} == set()


def test_same_words_give_the_same_bytes() -> None:
    first, second = (run("summarize", "googlenet-train", "--format", "html").stdout for _ in "12")
    assert first == second


@pytest.mark.parametrize(
    "words", ["summarize alexnet", "specs", "layers conv", "schema", "--help", "--version"]
)
def test_a_full_disk_is_said_and_exits_2(words: str) -> None:
    done = shell(f"shapecalc {words} > /dev/full")
    assert done.returncode == 2
    assert "standard output cannot be written: No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("streams", ["<&-", "2>&-"])
def test_closed_streams_are_no_crash(streams: str) -> None:
    done = shell(f"shapecalc summarize lenet5 --format csv {streams}")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


@pytest.mark.parametrize("words", ["summarize lenet5 -f csv", "specs", "--help", "sweep --help"])
def test_a_closed_standard_output_is_said_and_exits_2(words: str) -> None:
    done = shell(f"shapecalc {words} >&-")
    assert done.returncode == 2
    assert "standard output cannot be written: Bad file descriptor" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_written_to_a_file_needs_no_standard_output(folder: Path) -> None:
    done = shell(f"shapecalc summarize lenet5 -o {folder}/lenet5.csv >&-")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "lenet5.csv").read_text().startswith("name,")


NOTE = """\
input: 4x4x3
layers:
  - conv: {filters: 2, kernel: 3, note: "\\e[31mred \\a\\u202e\\u0085end"}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")
@pytest.mark.parametrize("format_", ["csv", "json", "text", "markdown", "latex", "html"])
def test_on_a_terminal_controls_are_shown_and_not_obeyed(tmp_path: Path, format_: str) -> None:
    (tmp_path / "note.yaml").write_text(NOTE)
    words = f"shapecalc summarize {tmp_path}/note.yaml --columns all -f {format_}"
    shown = on_a_terminal(words)
    assert "red" in shown
    assert not {"\x1b", "\a", "\u202e", "\x85"} & set(shown)
    if format_ == "csv":
        assert r"\x1b[31mred \x07\u202e\x85end" in shown
        assert "\x1b[31mred \a\u202e\x85end" in shell(words).stdout  # in a pipe they stay
        shell(f"{words} -o {tmp_path}/out.csv")
        assert "\x1b[31mred \a" in (tmp_path / "out.csv").read_text()


def test_colours_of_its_own_stay_on_a_terminal() -> None:
    assert "\x1b[" in on_a_terminal("shapecalc summarize lenet5")


def on_a_terminal(words: str) -> str:
    """Run a command whose standard output is a terminal."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(["bash", "-c", as_module(words)], stdout=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # as its end reads on Linux
        while part := os.read(ours, 65536):
            shown += part
    assert process.wait() == 0
    os.close(ours)
    return shown.decode()


def test_a_circle_of_links_cannot_be_written(folder: Path) -> None:
    Path("a.md").symlink_to("b.md")
    Path("b.md").symlink_to("a.md")
    result = run("summarize", "lenet5", "-o", "a.md")
    assert result.exit_code == 2
    assert "error[E007]" in result.stderr


@pytest.mark.parametrize(
    "words", [("--depth", "9" * 5000), ("--sort", "name,type"), ("--set", "k=#x")]
)
def test_strange_values_of_options_are_refused(words: tuple[str, str]) -> None:
    assert run("summarize", "alphago", *words).exit_code == 2


def test_a_dash_as_output_is_standard_output() -> None:
    assert run("summarize", "lenet5", "-o", "-").stdout.startswith("LeNet-5")


def test_strange_width_of_the_terminal_is_ignored() -> None:
    done = shell("COLUMNS='²' shapecalc summarize lenet5 -f terminal")
    assert done.returncode == 0


def test_a_chart_and_a_page_are_not_mixed_on_standard_output(tmp_path: Path) -> None:
    """Broken by a chart before the page: no JSON, no HTML."""
    words = ["sweep", "alphago", "--over", "k=1:3", "--chart"]
    for format_ in ("html", "json", "csv", "markdown", "latex"):
        result = runner().invoke(main, [*words, "--format", format_])
        assert (result.exit_code, result.stdout) == (2, "")
        assert "add -o FILE" in result.stderr
    page = tmp_path / "sweep.json"
    assert runner().invoke(main, [*words, "-o", str(page)]).exit_code == 0
    assert json.loads(page.read_text())


def test_a_long_word_of_the_command_line_is_not_repeated_whole() -> None:
    for words in (["--set", f"k={'9' * 50_000}"], ["--input", f"{'9' * 50_000}x19x48"]):
        result = runner().invoke(main, ["summarize", "alphago", *words])
        assert result.exit_code == 2
        assert len(result.stderr) < 3_000


def test_a_code_that_is_like_no_other_is_told_where_all_are() -> None:
    done = runner().invoke(main, ["errors", "Q99"])
    assert done.exit_code == 2
    assert done.stderr.splitlines()[:2] == [
        "error[E303]: no error has the code 'Q99'",
        "  hint: `shapecalc errors` lists them",
    ]


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("summarize top -f csv -o base.yaml", "base.yaml"),
        ("summarize top -o csv-base.csv", "csv-base.csv"),
        ("summarize top -f csv -o ./folder/../middle.yaml", "middle.yaml"),
        ("summarize top -o link.csv", "base.yaml"),
        ("run top --save-weights base.yaml", "base.yaml"),
        ("sweep top --over N=5,6 -f csv -o base.yaml", "base.yaml"),
        ("explain top -f csv -o middle.yaml", "middle.yaml"),
        ("compare top lenet5 -f csv -o base.yaml", "base.yaml"),
        ("homework sheet homework.yaml -f csv -o top.yaml", "top.yaml"),
        ("homework sheet homework.yaml -f csv -o base.yaml", "base.yaml"),
        ("homework export moodle-xml --homework homework.yaml -o top.yaml", "top.yaml"),
        ("homework export gradescope-package --homework homework.yaml -o base.yaml", "base.yaml"),
        ("tables --file table.yaml -f csv -o top.yaml", "top.yaml"),
    ],
)
def test_what_a_command_has_read_it_does_not_write_over(
    folder: Path, words: str, target: str
) -> None:
    (folder / "folder").mkdir()
    Path("base.yaml").write_text("input: 5x5x3\nlayers: [conv3-4]\n")
    Path("csv-base.csv").write_text("extends: base\n")
    Path("middle.yaml").write_text("extends: csv-base.csv\n")
    Path("top.yaml").write_text("extends: middle\n")
    Path("homework.yaml").write_text("spec: top\ncolumns: [output]\n")
    Path("link.csv").symlink_to("base.yaml")
    Path("table.yaml").write_text(
        "table: One\nsource: A paper\nspec: top\ncolumns: {volume: output}\n"
        "rows: {conv1: [3x3x4]}\n"
    )
    before = Path(target).read_text()
    result = run(*words.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be written: the command has read it" in result.stderr
    assert Path(target).read_text() == before


def test_what_one_command_has_read_another_may_write(folder: Path) -> None:
    Path("net.txt").write_text(SPEC)  # which in a .yaml is never written over
    assert run("summarize", "net.txt").exit_code == 0
    assert run("summarize", "lenet5", "-f", "csv", "-o", "net.txt").exit_code == 0


@pytest.mark.parametrize("written", ["k", "k=", "k= ", "=3", " =3"])
def test_a_setting_has_a_name_and_a_value(tmp_path: Path, written: str) -> None:
    (tmp_path / "k.yaml").write_text("let: {k: 2}\ninput: 8x8x3\nlayers: [dense: k]\n")
    done = runner().invoke(main, ["summarize", str(tmp_path / "k.yaml"), "--set", written])
    assert done.exit_code == 2
    assert f"'{written}' is not NAME=VALUE, like k=128" in done.stderr


def test_the_list_of_specs_has_each_ones_own_numbers() -> None:
    """Krizhevsky et al. 2012: 62,378,344 parameters, 1,135,256,096 multiply-accumulates."""
    (line,) = (line for line in run("specs").stdout.splitlines() if line.startswith("alexnet "))
    assert line.split()[:5] == ["alexnet", "227x227x3", "62,378,344", "1,135,256,096", "2012"]
    data = json.loads(run("specs", "-f", "json").stdout)["specs"]
    (alexnet,) = (each for each in data if each["name"] == "alexnet")
    assert (alexnet["params"], alexnet["macs"], alexnet["year"]) == (62378344, 1135256096, 2012)


def test_the_lists_of_layers_types_stand_under_each_other() -> None:
    lines = run("layers").stdout.splitlines()
    summaries = {
        "conv": "convolution, plain or grouped",
        "adaptive_avgpool": "mean of windows that divide every side into a given number",
        "relu": "",
    }
    columns = {
        line.index(summary)
        for line in lines
        for word, summary in summaries.items()
        if summary and line.startswith(f"{word} ")
    }
    assert columns == {len("position_embedding") + 2}  # the longest word


def test_a_field_is_required_only_where_it_has_no_default() -> None:
    lines = run("layers", "conv").stdout.splitlines()
    told = {line.split()[0]: line.rpartition(", ")[2] for line in lines if line.startswith("  ")}
    assert told["filters"] == told["kernel"] == "required"
    assert (told["stride"], told["rounding"]) == ("default 1", "default floor")


def test_a_code_that_no_error_has_is_looked_up_in_the_list() -> None:
    result = run("errors", "Q99")
    assert result.exit_code == 2
    assert "no error has the code 'Q99'" in result.stderr
    assert "hint: `shapecalc errors` lists them" in result.stderr


def test_formats_of_homework_are_listed_as_sentences() -> None:
    text = " ".join(run("homework", "export", "--help").stdout.split())
    assert "gift Questions in the GIFT format: a numerical one for every number." in text
    assert "moodle-csv A table of grades that Moodle imports." in text


def test_own_profiles_stand_before_papers_and_these_before_tools() -> None:
    names = [line.split()[0] for line in run("profiles").stdout.split("\n\n")[0].splitlines()]
    assert names[0] == "macs"
    assert names.index("params") < names.index("paper:googlenet")
    assert names.index("paper:resnet") < names.index("torchinfo") < names.index("keras")
