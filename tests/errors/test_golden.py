"""Every error code has its whole text in a golden file.

A file `tests/errors/E204-window.yaml` is a spec with that mistake, and `E204-window.txt` beside it
what `shapecalc summarize E204-window.yaml` says on standard error.  `tests/errors/tables` holds tables
for `shapecalc tables --file` likewise.  What needs other files or
options is built here, and its text stands in a `.txt` file as well.

    SHAPECALC_REGENERATE=1 pytest tests/errors

writes the texts anew.  Read the difference, every word of it, before you commit it.
"""

from __future__ import annotations

import builtins
import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.analysis.sweep.cluster import must_be_alike
from shapecalc.cli import main
from shapecalc.errors import CODES, SpecErrors
from shapecalc.homework.answers.files import load_submission
from shapecalc.homework.classroom.store import from_json
from shapecalc.layers.merge import Add
from shapecalc.output.problems import problems_text
from shapecalc.spec.yaml_compose import MAX_BYTES
from tests.paths import TESTS
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
SPECS = sorted(path.stem for path in HERE.glob("*.yaml"))
TABLES = sorted(path.stem for path in (HERE / "tables").glob("*.yaml"))
CLASS = TESTS / "homework" / "exports" / "files" / "class.json"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"

RESNET = (
    "input: 9x9x3\nblocks: {two: {fields: [], layers: [conv3-3, conv3-3]}}\nlayers:\n"
    + "".join(f"  - two: {{name: {name}}}\n" for name in ("first", "second", "third"))
)
SMALL = "input: HxWx3\nlet: {k: 4}\nlayers: [dense: k]\n"
CANVAS = ["homework", "export", "canvas", str(CLASS), "--gradebook"]
CANVAS_CSV = """\
Student,ID,Section,Homework 1 (16),Quiz (17),Quiz (18)
    Points Possible,,,20,10,10
Ada,1,One,,,
"""

GRADE = ["homework", "grade", "--against", "lenet5"]
VARIANTS = ["homework", "variants", "--seed", "7"]

#: Requests: the words after `shapecalc`, beside the files of BESIDE.
REQUESTS: dict[str, list[str]] = {
    "E001-typo": ["summarize", "alexnt"],
    "E001-unlike": ["summarize", "my-network.yaml"],
    "E001-specs": ["specs", "alexnett"],
    "E007-input": ["summarize", "small.yaml", "-f", "text", "-o", "./small.yaml"],
    "E008-python": ["summarize", "net.py"],
    "E009-torn": ["summarize", "torn.prototxt"],
    "E009-onnx": ["explain", "net.onnx", "conv1"],
    "E001-dots": ["summarize", "smallyaml"],
    "E323-convert": ["convert", "lenet5", "--to", "pytorch", "--weights", "w.npz"],
    "E360-biases": ["convert", "gru.yaml", "--to", "pytorch"],
    "E312-flops": ["explain", "lenet5", "conv1", "--of", "flops"],
    "E301-column": ["summarize", "lenet5", "--columns", "name,paramz,macs"],
    "E301-sort": ["summarize", "lenet5", "--sort", "parms"],
    "E303-rows": ["summarize", "lenet5", "--rows", "cnv*"],
    "E303-rows-empty": ["summarize", "lenet5", "--rows", ""],
    "E303-rows-kind": ["compare", "lenet5", "alexnet", "--rows", "weighted"],
    "E303-rows-none": ["training", "lenet5", "--only", "batchnorm"],
    "E303-rows-left": ["summarize", "lenet5", "--only", "weighted", "--hide", "conv,dense"],
    "E303-rows-inside": ["summarize", "resnet18", "--rows", "basic1"],
    "E303-rows-only": ["summarize", "resnet18", "--only", "wieghted"],
    "E301-count": ["summarize", "lenet5", "--columns", "name,count"],
    "E302-convert": ["convert", "lenet5", "lenet5.docx"],
    "E302-format": ["summarize", "lenet5", "-f", "markdwon"],
    "E302-suffix": ["summarize", "lenet5", "-o", "lenet5.docx"],
    "E303-set": ["summarize", "small.yaml", "--set", "q=3"],
    "E303-nothing-to-set": ["summarize", "lenet5", "--set", "k=3"],
    "E303-input": ["summarize", "lenet5", "--input", "224,224,3"],
    "E303-free": ["summarize", "alphago", "--free", "k", "--set", "k=3"],
    "E303-input-rank": ["summarize", "alexnet", "--input", "320x320"],
    "E303-input-one": ["summarize", "alexnet", "--input", "227"],
    "E303-input-batch": ["summarize", "resnet18", "--input", "-1x3x256x256"],
    "E204-input-option": ["summarize", "alexnet", "--input", "10x10x3"],
    "E204-input-layout": ["summarize", "alexnet", "--input", "3x227x227"],
    "E204-set-option": ["summarize", "sides.yaml", "--set", "H=3", "--set", "W=9"],
    "E303-input-word": ["summarize", "lenet5", "--input", "abc"],
    "E303-input-name": ["summarize", "lenet5", "--input", "left=32x32x1"],
    "E303-words": [
        "summarize",
        "lenet5",
        "--dtype",
        "flaot32",
        "--units",
        "T",
        "--profile",
        "fvcor",
    ],
    "E301-sweep": ["sweep", "lenet5", "--over", "N=32", "-c", "parms,conv1.outptu,conv9.rf,output"],
    "E301-y": ["sweep", "lenet5", "--over", "N=32", "--chart", "--y", "conv1.output"],
    "E302-picture": ["sweep", "lenet5", "--over", "N=32", "-o", "lenet5.png"],
    "E302-plot": ["sweep", "lenet5", "--over", "N=32", "--plot", "lenet5.gif"],
    "E340-sweep": ["sweep", "lenet5", "--over", "N=32-64", "--over", "H=1:x", "--over", "W"],
    "E341-sweep": ["sweep", "lenet5", "--over", "N=64:32:8"],
    "E342-sweep": ["sweep", "lenet5", "--over", "H=1:1000000", "--over", "W=1:1000000"],
    "E342-wired": ["sweep", "alexnet", "--over", "conv2.groups=1:20000"],
    "E350-name": ["sweep", "alphago", "--over", "kk=64,128"],
    "E350-layer": ["sweep", "lenet5", "--over", "conv9.stride=1,2", "--over", "input.height=9"],
    "E350-sides": ["sweep", "lenet5", "--over", "N=32,64", "--over", "H=32"],
    "E351-symbol": ["sweep", "small.yaml", "--over", "H=3:9"],
    "E352-set": ["sweep", "small.yaml", "--over", "k=3:9", "--set", "k=3", "--input", "3x4x5"],
    "E353-sizes": ["sweep", "alexnet", "--over", "N=1:60"],
    "E355-lines": [
        "sweep",
        "lenet5",
        "--over",
        "N=32:99",
        "--over",
        "conv1.filters=1:7",
        "--chart",
    ],
    "E111-sweep": ["sweep", "lenet5", "--over", "conv1.strid=1,2"],
    "E303-dtype": ["summarize", "lenet5", "--dtype", "weights=int8,activation=float16"],
    "E303-dtype-twice": ["summarize", "lenet5", "--dtype", "int8,float16"],
    "E303-units": ["summarize", "lenet5", "--units", "auto,memroy=Ki"],
    "E303-device": ["summarize", "lenet5", "--device", "ops=5TMACs, bandwidth=100G"],
    "E303-device-part": ["summarize", "lenet5", "--device", "ops=10T"],
    "E301-device": ["summarize", "lenet5", "--columns", "name,bound"],
    "E331-alone": ["summarize", "lenet5", "--fail-if", "params > 1.05x"],
    "E331-bytes": ["summarize", "lenet5", "--fail-if", "peak > 512KiB", "--fail-if", "macs > 3MB"],
    "E121-condition": ["summarize", "small.yaml", "--fail-if", "params > 3"],
    "E340-range": ["solve", "alphago", "params <= 5M", "--over", "k=16-512"],
    "E341-range": ["solve", "alphago", "params <= 5M", "--over", "k=512:16"],
    "E342-points": [
        "solve",
        "alexnet",
        "macs <= 1G",
        "--over",
        "H=67:1000066",
        "--over",
        "W=67:1000066",
    ],
    "E342-tried": ["solve", "alexnet", "pool3 = 6x6", "--over", "conv1.stride=1:1000000000000"],
    "E343-relation": ["solve", "alexnet", "pool3 6x6"],
    "E343-extents": ["solve", "alexnet", "macs > 3 and pool3 = 6x6x6x6"],
    "E343-bytes": ["solve", "alexnet", "macs <= 50MB and params <= 5M"],
    "E343-bytes-size": ["solve", "alexnet", "H <= 512B"],
    "E343-bytes-volume": ["solve", "alexnet", "pool3 <= 16KiB"],
    "E343-bytes-product": ["solve", "alexnet", "4*peak <= 1MB"],
    "E343-bytes-count": ["solve", "alexnet", "peak_memory <= params"],
    "E343-unit": ["solve", "alexnet", "params <= 5mb"],
    "E343-fraction": ["solve", "alexnet", "params <= 1.5"],
    "E344-layer": ["solve", "alexnet", "params <= 5M and pol3 = 6x6"],
    "E344-column": ["solve", "alexnet", "conv1.parms <= 5M"],
    "E345-constant": ["solve", "alphago", "params <= 5M", "--over", "q=16:512"],
    "E345-field": ["solve", "alexnet", "pool3 = 6x6", "--over", "conv1.padding=0:5"],
    "E346-bounds": ["solve", "small.yaml", "macs <= 1M", "--free", "k"],
    "E347-sizes": ["solve", "--conv", "227 by 55"],
    "E310-layer": ["explain", "alexnet", "conv9"],
    "E310-unlike": ["explain", "lenet5", "bottleneck7"],
    "E310-nothing-inside": ["explain", "resnet50", "conv2_x/bottleneck2/shortcut"],
    "E311-several": ["explain", "resnet.yaml", "conv2"],
    "E312-topic": ["explain", "lenet5", "conv1", "--of", "parms,macs"],
    "E312-network": ["explain", "lenet5", "--of", "what-if"],
    "E312-topics": ["explain", "lenet5", "--of", "output, weight ,"],
    "E004-set": ["summarize", "small.yaml", "--set", "k=\udcff"],
    "E101-set": ["summarize", "small.yaml", "--set", "k=[3"],
    "E114-set": ["summarize", "small.yaml", "--set", "H=3", "--set", "W=3", "--set", "k=0"],
    "E116-set": ["summarize", "small.yaml", "--set", "H=3", "--set", "W=3", "--set", "k=2*m"],
    "E114-input-option": ["summarize", "lenet5", "--input", "0x32x1"],
    "E112-layers": ["layers", "cnov"],
    "E620-typo": ["reconcile", "lenet5", "torchinof", "fvcore"],
    "E620-profiles": ["profiles", "thopp"],
    "E621-target": ["reconcile", "lenet5", "--target", "71,46"],
    "E622-one": ["reconcile", "lenet5", "torchinfo"],
    "E622-kinds": ["reconcile", "lenet5", "keras", "torchinfo"],
    "E121-target": ["reconcile", "small.yaml", "--target", "1M"],
    "E303-number": ["summarize", "lenet5", "--batch", "x"],
    "E303-pair": ["summarize", "lenet5", "--set", "k"],
    "E303-word": ["summarize", "lenet5", "--depth", "two"],
    "E320-command": ["nonsense", "lenet5"],
    "E320-typo": ["sumarize", "lenet5"],
    "E320-homework": ["homework", "chek", "answers.csv"],
    "E320-export": ["homework", "export", "blackboard", "results"],
    "E321-option": ["summarize", "lenet5", "--colums", "params"],
    "E321-unlike": ["homework", "grade", "handed-in", "--submissions", "x"],
    "E322-argument": ["sweep", "--over", "N=32:64"],
    "E322-option": ["homework", "variants", "homework.yaml", "--roster", "class.csv"],
    "E322-value": ["summarize", "lenet5", "--set"],
    "E323-extra": ["solve", "lenet5", "pool2", "=", "5x5"],
    "E323-latex": ["summarize", "lenet5", "--caption", "LeNet", "-f", "text"],
    "E323-conv": ["solve", "lenet5", "pool2 = 5x5", "--stride", "2"],
    "E323-networks": ["verify"],
    "E323-picture": ["sweep", "lenet5", "--over", "N=32:64", "--y", "macs"],
    "E330-one": ["compare", "lenet5"],
    "E330-stdin": ["compare", "-", "-"],
    "E331-comparison": ["compare", "lenet5", "alexnet", "--fail-if", "params => 60M"],
    "E331-unit": ["compare", "lenet5", "alexnet", "--fail-if", "params > 60m"],
    "E331-more": ["compare", "lenet5", "alexnet", "--fail-if", "params > 6M and macs > 1G"],
    "E332-total": ["compare", "lenet5", "alexnet", "--fail-if", "parms > 60M"],
    "E301-compare": ["compare", "lenet5", "alexnet", "--columns", "output,parms"],
    "E701-header": ["homework", "check", "notes.csv", "--against", "lenet5"],
    "E702-large": ["homework", "check", "large.csv", "--against", "lenet5"],
    "E703-pdf": ["homework", "check", "answers.pdf", "--against", "lenet5"],
    "E704-rows": ["homework", "check", "answers.csv", "--against", "vgg16"],
    "E705-symbols": ["homework", "check", "answers.csv", "--against", "small.yaml"],
    "E323-specs": ["specs", "zfnet", "-f", "csv"],
    "E706-sheet": ["homework", "sheet"],
    "E706-sheet-both": ["homework", "sheet", "given.yaml", "--against", "lenet5"],
    "E706-sheet-variant": ["homework", "sheet", "--against", "lenet5", "--seed", "7"],
    "E706-nothing": ["homework", "check", "answers.csv"],
    "E741-header": [*CANVAS, "notes.csv", "--assignment", "Homework 1"],
    "E742-typo": [*CANVAS, "canvas.csv", "--assignment", "Homewrok 1"],
    "E742-twice": [*CANVAS, "canvas.csv", "--assignment", "Quiz"],
    "E743-name": [*CANVAS, "formula.csv", "--assignment", "Homework 1"],
    "E744-points": [*CANVAS, "canvas.csv", "--assignment", "(17)"],
    "E745-marks": ["homework", "export", "gift", "--homework", "given.yaml"],
    "E706-class": ["homework", "grade", "class", "--roster", "class.csv"],
    "E001-submissions": [*GRADE, "nobody", "--roster", "class.csv"],
    "E001-roster": [*GRADE, "class", "--roster", "clas.csv"],
    "E001-times": [*GRADE, "class", "--roster", "class.csv", "--times", "times.csv"],
    "E703-roster": [*GRADE, "class", "--roster", "answers.pdf"],
    "E710-roster": [*GRADE, "class", "--roster", "notes.csv"],
    "E710-empty": [*GRADE, "class", "--roster", "empty.csv"],
    "E711-roster": [*GRADE, "class", "--roster", "twins.csv"],
    "E712-large": [*GRADE, "class", "--roster", "huge.csv"],
    "E713-extension": [*GRADE, "class", "--roster", "longer.csv"],
    "E713-times": [*GRADE, "class", "--roster", "class.csv", "--times", "late.csv"],
    "E713-late": ["homework", "sheet", "late.yaml"],
    "E714-formula": [*GRADE, "class", "--roster", "computed.csv"],
    "E715-zip": [*GRADE, "answers.pdf", "--roster", "class.csv"],
    "E717-roster": [*GRADE, "class", "--roster", "chinese.csv"],
    "E717-word": [*GRADE, "class", "--roster", "class.csv", "--encoding", "klingon"],
    "E717-bytes": [*GRADE, "class", "--roster", "chinese.csv", "--encoding", "ascii"],
    "E716-inside": [*GRADE, "class", "--roster", "class.csv", "-o", "class/results"],
    "E716-file": [*GRADE, "class", "--roster", "class.csv", "-o", "class.csv"],
    "E716-example": ["homework", "example", "class"],
    "E750-field": ["homework", "lint", "vary.yaml"],
    "E751-none": [*VARIANTS, "valid.yaml", "--roster", "class.csv", "-o", "sheets"],
    "E752-which": ["homework", "check", "answers.csv", "--homework", "varied.yaml"],
    "E753-list": [
        "homework",
        "check",
        "answers.csv",
        "--homework",
        "varied.yaml",
        "--variants",
        "class.csv",
    ],
    "E755-broken": ["homework", "check", "broken.xlsx", "--against", "lenet5"],
    "E756-twice": ["homework", "sheet", "twice.yaml"],
    "E757-value": ["homework", "sheet", "accept.yaml"],
    "E758-given": ["homework", "sheet", "filled.yaml"],
    "E121-run": ["run", "small.yaml"],
    "E121-verify": ["verify", "lenet5", "small.yaml", "--input", "HxWx1"],
    "E303-compare": ["compare", "lenet5", "small.yaml", "--set", "k=3"],
    "E121-table": ["tables", "lenet5", "--against", "small.yaml"],
    "E001-table": ["tables", "--file", "my-table.yaml"],
    "E002-table": ["tables", "--file", "."],
    "E601-typo": ["tables", "googlnet"],
    "E601-unlike": ["tables", "yolo"],
    "E001-against": ["tables", "googlenet", "--against", "googlenet-trained.yaml"],
    "E605-against": ["tables", "vgg-table1", "--against", "vgg16"],
    "E604-against": ["tables", "lenet5", "--against", "alexnet"],
}

#: What lies beside them.
BESIDE: dict[str, bytes] = {
    "small.yaml": SMALL.encode(),
    "sides.yaml": b"input: HxWx3\nlayers: [conv: {filters: 4, kernel: 5}]\n",
    "resnet.yaml": RESNET.encode(),
    "gru.yaml": b"input: 7x5\nlayers: [gru: {units: 4, biases: 1}]\n",
    "net.py": b"import torch\n",
    "net.onnx": b"\x08\x07\x12\x07pytorch",
    "answers.csv": b"layer,output,params\nfc9,4096,1\n",
    "notes.csv": b"kernel,stride\n3,1\n",
    "large.csv": b"layer,output\n" + b"conv1,28x28x6\n" * 20_000,
    "canvas.csv": CANVAS_CSV.encode(),
    "formula.csv": CANVAS_CSV.replace("Ada", "=Ada").encode(),
    "given.yaml": b"spec: lenet5\nlayers: [conv1]\ncolumns: params\ngiven: {conv1: params}\n",
    "vary.yaml": b"spec: lenet5\nvary: {conv1.kernl: [3, 5], input: 44..28}\n",
    "valid.yaml": b"spec: lenet5\nvary: {input: [33, 34, 35]}\n",
    "varied.yaml": b"spec: lenet5\nvary: {input: [28, 32]}\n",
    "twice.yaml": b"specs: [lenet5, lenet5]\n",
    "torn.prototxt": b'layer {\n  name: "conv1"\n  type: "Convolution"\n',
    "broken.xlsx": b"PK\x03\x04 and no more",
    "accept.yaml": b"spec: lenet5\naccept: {conv1: {params: [many], output: [square]}}\n",
    "filled.yaml": b"spec: lenet5\ngiven: {conv1: {output: 32x32x6, params: 156}}\n",
    "answers.pdf": b"%PDF-1.7\n1 0 obj\n",
    "class.csv": b"id,name\ns1,Ann Lee\n",
    "class/s1.csv": b"layer,output\nconv1,28x28x6\n",
    "empty.csv": b"\n",
    "twins.csv": b"id,name\ns1,Ann Lee\nS1,Max Moe\n,Ida Holm\n",
    "huge.csv": b"id,name\n" + b"s1,Ann Lee\n" * 1_000_000,
    "longer.csv": b"id,name,extension\ns1,Ann Lee,2 days\n",
    "late.csv": b"id,submitted\ns1,last friday\n",
    "late.yaml": b"spec: lenet5\ndue: tomorrow\nlate: {deduct: 10% a day, grase: 5 min, most: 3}\n",
    "computed.csv": b"id,name\n=2+5,Ann Lee\n",
    "chinese.csv": "id,name\ns1,李雷\ns2,韩梅梅\ns3,王小明\n".encode("gb18030"),
}

#: Files that are no spec: what they hold, or how they come about.
FILES: dict[str, bytes] = {
    "E008-numpy": b"\x93NUMPY\x01\x00",
    "E004-latin": "name: café\ninput: 32x32x3\nlayers: [relu]\n".encode("latin-1"),
    "E004-utf16": "name: net\n".encode("utf-16"),
    "E005-large": b"#" * (MAX_BYTES + 1),
    "E006-empty": b"",
    "E006-comment": b"# nothing but a comment\n",
    "E101-binary": b"\x00\x01\x02\x03\x7fELF",
    "E101-image": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n",
}


def run(words: list[str]) -> str:
    """Return what a command says on standard error, having failed as it should."""
    result = runner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr


def compare(name: str, said: str) -> None:
    golden = HERE / f"{name}.txt"
    if REGENERATE:
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_with_a_mistake(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    compare(name, run(["summarize", f"{name}.yaml"]))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_with_a_mistake(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "tables")
    compare(name, run(["tables", "--file", f"{name}.yaml"]))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_with_a_mistake(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, data in BESIDE.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    compare(name, run(REQUESTS[name]))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_spec(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.yaml").write_bytes(FILES[name])
    monkeypatch.chdir(tmp_path)
    compare(name, run(["summarize", "net.yaml"]))


def test_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets").mkdir()
    monkeypatch.chdir(tmp_path)
    compare("E002-directory", run(["summarize", "nets"]))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # simulated, since permissions do not bind root, as whom CI may run
    (tmp_path / "net.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    really: Callable[..., Any] = builtins.open

    def refuse(path: Any, *args: Any, **options: Any) -> Any:
        if str(path).endswith("net.yaml"):
            raise PermissionError(13, "Permission denied")
        return really(path, *args, **options)

    monkeypatch.setattr(builtins, "open", refuse)
    compare("E003-permission", run(["summarize", "net.yaml"]))


def test_no_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.draw.converted.find_spec", lambda _: None)
    compare("E354-plot", run(["sweep", "lenet5", "--over", "N=32", "--plot", "lenet5.png"]))


def test_no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.analysis.sweep.parquet.find_spec", lambda _: None)
    compare("E356-parquet", run(["sweep", "lenet5", "--over", "N=32", "-o", "lenet5.parquet"]))


def test_another_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shapecalc.analysis.sweep.pieces.LONG", 1)
    (tmp_path / "lenet5.csv.part").mkdir()
    (tmp_path / "lenet5.csv.part" / "what.json").write_text('{"over": "N=32:40:1"}')
    monkeypatch.setattr(
        "shapecalc.analysis.sweep.pieces.what_it_is", lambda *_: {"over": "N=32:50:1"}
    )
    words = ["sweep", "lenet5", "--over", "N=32:50", "-o", "lenet5.csv"]
    compare("E357-other", run(words))


def test_no_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shapecalc.analysis.sweep.pieces.LONG", 1)
    monkeypatch.setattr("shapecalc.analysis.sweep.cluster.find_spec", lambda _: None)
    words = ["sweep", "lenet5", "--over", "N=32:50", "-o", "lenet5.csv", "--workers", "2"]
    compare("E358-dask", run(words))


def test_no_workers() -> None:
    with pytest.raises(SpecErrors) as caught:
        must_be_alike({}, "0.1.0")
    compare("E359-scheduler", problems_text(caught.value.problems))


def test_no_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "answers.xlsx").write_bytes(b"PK\x03\x04")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shapecalc.homework.answers.workbook.find_spec", lambda _: None)
    compare("E754-workbook", run(["homework", "check", "answers.xlsx", "--against", "lenet5"]))


def test_an_output_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets.md").mkdir()
    monkeypatch.chdir(tmp_path)
    compare("E007-directory", run(["summarize", "lenet5", "-o", "nets.md"]))
    compare("E007-nowhere", run(["summarize", "lenet5", "-o", "no/such/folder/lenet5.md"]))


def test_more_memory_than_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.reference.memory.free_bytes", lambda: 700_000_000)
    compare("E501-memory", run(["verify", "vgg16"]))


def test_a_layer_that_its_rule_should_have_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Add, "requires", lambda *_: ())
    Path("unlike.yaml").write_text(
        "input: 4x5x3\nlayers:\n  - conv: {filters: 2, kernel: 1}\n  - add: {from: [input, .]}\n"
    )
    compare("E505-add", run(["run", "unlike.yaml"]))


TINY = "input: 4x5x3\nlayers:\n  - conv: {filters: 2, kernel: 3}\n"
RIGHT = {"conv1.weight": np.ones((2, 3, 3, 3), "f4"), "conv1.bias": np.zeros(2, "f4")}

#: Files of weights with a mistake: the arrays that they hold.
WEIGHTS: dict[str, dict[str, Any]] = {
    "E502-kind": {**RIGHT, "conv1.bias": np.zeros(2, int)},
    "E502-nan": {**RIGHT, "conv1.bias": np.array([1, np.nan], "f4")},
    "E502-objects": {**RIGHT, "conv1.bias": np.array([{}, None], object)},
    "E503-names": {"conv1.wieght": RIGHT["conv1.weight"], "conv2.bias": RIGHT["conv1.bias"]},
    "E503-shape": {**RIGHT, "conv1.weight": np.ones((3, 3, 3, 2), "f4")},
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_with_a_mistake(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    np.savez("w.npz", **WEIGHTS[name])
    compare(name, run(["run", "tiny.yaml", "--weights", "w.npz"]))


def test_weights_that_are_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    Path("w.npz").write_bytes(b"PK nothing of the kind")
    compare("E502-archive", run(["run", "tiny.yaml", "--weights", "w.npz"]))


def test_a_picture_for_a_network_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vector.yaml").write_text("input: 7\nlayers: [dense: 3]\n")
    compare("E504-vector", run(["run", "vector.yaml", "--image", "cat.png"]))


@pytest.mark.parametrize("name", ["E504-size", "E504-kind"])
def test_a_picture_that_does_not_fit(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    if name == "E504-size":
        pillow.new("RGB", (7, 4)).save("cat.png")
    else:
        Path("cat.png").write_text("no picture")
    compare(name, run(["run", "tiny.yaml", "--image", "cat.png"]))


def test_a_class_with_a_mistake() -> None:
    text = CLASS.read_text(encoding="utf-8").replace('"verdict": "wrong"', '"verdict": "rigth"', 1)
    with pytest.raises(SpecErrors) as caught:
        from_json(text)
    compare("E740-verdict", problems_text(caught.value.problems))


def test_a_submission_of_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("submission")
    folder.mkdir()
    for name in ("answers.csv", "old.md"):
        (folder / name).write_bytes(BESIDE["answers.csv"])
    with pytest.raises(SpecErrors) as caught:
        load_submission("submission")
    compare("E746-two", problems_text(caught.value.problems))


def golden_texts() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("*.txt")}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_golden_text(code: str) -> None:
    own = [text for name, text in golden_texts().items() if name.startswith(code)]
    assert any(f"error[{code}]: " in text for text in own), f"tests/errors has no {code}"


def test_every_golden_text_belongs_to_a_test() -> None:
    known = {*SPECS, *TABLES, *REQUESTS, *FILES, "E002-directory", "E003-permission"}
    known |= {
        "E007-directory",
        "E007-nowhere",
        "E354-plot",
        "E356-parquet",
        "E357-other",
        "E358-dask",
        "E359-scheduler",
        "E501-memory",
        "E502-archive",
    }
    known |= {
        *WEIGHTS,
        "E504-vector",
        "E504-size",
        "E504-kind",
        "E505-add",
        "E740-verdict",
        "E746-two",
        "E754-workbook",
    }
    assert set(golden_texts()) == known


@pytest.mark.parametrize("name", sorted(golden_texts()))
def test_a_text_is_well_formed(name: str) -> None:
    text = golden_texts()[name]
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(c.isprintable() or c == "\n" for c in text)
    codes = re.findall(r"^error\[(E\d{3})\]: ", text, re.MULTILINE)
    assert codes
    assert set(codes) <= set(CODES)
    if name[0] == "E":
        assert name[:4] in codes
    # a place, a rule, a hint, an excerpt or a count; nothing else stands in a paragraph
    shape = r"(error\[E\d{3}\]: |  --> | *\d+ \| | +\| | +\^+$|  rule: |  hint: |\.\.\. and \d+ more$|$)"
    assert all(re.match(shape, line) for line in text.split("\n"))


@pytest.mark.parametrize("name", sorted(golden_texts()))
def test_a_caret_stands_under_text(name: str) -> None:
    lines = golden_texts()[name].split("\n")
    for above, line in itertools.pairwise(lines):
        if match := re.fullmatch(r" +\|( +)(\^+)", line):
            shown = above.split("|", 1)[1]
            assert len(match[1]) <= len(shown)
