"""Model files, damaged: texts, archives and JSON of other programs with mutations.

    PYTHONPATH=. python -c "from tests.fuzz.models import main; main(50_000)"

tries so many a format.  Every file is read and computed, or refused with `SpecErrors`, in good time.
"""

from __future__ import annotations

import io
import json
import random
import sys
import time
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

from shapecalc.api import build
from shapecalc.errors import SpecErrors
from shapecalc.readers import ReadModel, caffe, darknet, keras, onnx, pt2, tflite
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import as_source
from tests.fuzz.support import adds_up, well_told
from tests.paths import TESTS
from tests.readers import caffe_networks, darknet_networks, onnx_microsoft

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds of computing that one file may take.
LIMIT = 10.0

_KERAS = TESTS / "readers" / "keras"
_PT2 = TESTS / "readers" / "pt2" / "small.pt2"
_TFLITE = [path.read_bytes() for path in sorted((TESTS / "readers" / "tflite").glob("*.tflite"))]

#: What texts are spoilt with.
_PIECES = (
    *("{", "}", "[", "]", ":", ",", '"', "\n", "#", "=", "-1", "0", "1", "3", "1000000000"),
    *(
        "99999999999999999999",
        "1e400",
        "nan",
        "-",
        "true",
        "null",
        "\x00",
        "\u2028",
        "é",
        "\x1b[31m",
    ),
    *("bottom", "top", "layers", "layer", "filters", "from", "groups", "channels", "name", "x"),
)
#: What values in JSON become.
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        10**9,
        10**18,
        10**30,
        10**400,
        0.5,
        -2.5,
        1e308,
        "",
        "x",
        "same",
    ),
    *("\x00", "relu", [], {}, [1], [0, 0], [3, 3, 3], [[1, 2]], {"as_int": -1}, {"as_none": True}),
    *({"class_name": "Dense"}, {"name": "x"}, "input", "torch.ops.aten.relu.default"),
)


def spoilt_text(text: str, chance: random.Random) -> str:
    """Mutate a text in some places."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(text) + 1)
        span = chance.choice((0, 1, 1, 3, 20, 300))
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:at] + chance.choice(_PIECES) + text[at + span :]
        elif kind == 1:
            text = text[:at] + text[at + span :]
        elif kind == 2:
            start = chance.randrange(len(text) + 1)
            text = text[:at] + text[start : start + span] + text[at:]
        else:
            text = text.replace(str(chance.randrange(10)), chance.choice(_PIECES), 1)
    return text if chance.random() > 0.02 else text[: chance.randrange(len(text) + 1)]


def spoilt_json(value: Any, chance: random.Random) -> Any:
    """Mutate values somewhere in JSON."""
    whole = json.loads(json.dumps(value))
    for _ in range(chance.choice((1, 1, 2, 4))):
        holder, key = _somewhere(whole, chance)
        if holder is None:
            continue
        kind = chance.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.insert(key, json.loads(json.dumps(chance.choice(holder))))
        elif kind == 2:
            other, place = _somewhere(whole, chance)
            holder[key] = json.loads(json.dumps(other[place] if other is not None else None))
        else:
            holder[key] = json.loads(json.dumps(chance.choice(_VALUES)))
    return whole


def _somewhere(value: Any, chance: random.Random) -> tuple[Any, Any]:
    """Return a place in JSON: what holds it, and its key."""
    holder, key = None, None
    while isinstance(value, dict | list) and value:
        holder = value
        key = (
            chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
        )
        value = value[key]
        if chance.random() < 0.08:
            break
    return holder, key


def spoilt_bytes(data: bytes, chance: random.Random) -> bytes:
    """Mutate bytes in some places."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 2, 5, 20))):
        if spoilt:
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt[: chance.randrange(len(spoilt))] if chance.random() < 0.1 else spoilt)


def _zipped(path: str, text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(path, text)
    return file.getvalue()


def _caffe(chance: random.Random) -> bytes:
    texts = (
        caffe_networks.LENET,
        caffe_networks.alexnet(),
        caffe_networks.resnet50()[: chance.choice((1500, 4000))] + "\n",
        caffe_networks.googlenet(train=True)[:3000],
    )
    return spoilt_text(chance.choice(texts), chance).encode("utf-8", "replace")


def _darknet(chance: random.Random) -> bytes:
    texts = (
        darknet_networks.yolo_v3_tiny(),
        darknet_networks.yolo_v4_tiny(),
        darknet_networks.yolo_v2_tiny(),
    )
    return spoilt_text(chance.choice(texts), chance).encode("utf-8", "replace")


_MODELS = [json.loads(path.read_text("utf-8")) for path in sorted(_KERAS.glob("*.json"))]
with zipfile.ZipFile(_PT2) as _archive:
    _PROGRAM = json.loads(_archive.read("small/models/model.json"))


def _keras(chance: random.Random) -> bytes:
    text = json.dumps(spoilt_json(chance.choice(_MODELS), chance))
    if chance.random() < 0.1:
        text = spoilt_text(text, chance)
    if chance.random() < 0.8:
        return text.encode()
    return spoilt_bytes(_zipped("config.json", text), chance)


def _pt2(chance: random.Random) -> bytes:
    text = json.dumps(spoilt_json(_PROGRAM, chance))
    data = _zipped("net/models/model.json", text)
    return data if chance.random() < 0.8 else spoilt_bytes(data, chance)


def spoilt_tables(data: bytes, chance: random.Random) -> bytes:
    """Mutate bytes and words of four, which are offsets, sizes and numbers, in some places."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 2, 5))):
        at = 4 * chance.randrange(len(spoilt) // 4)
        old = int.from_bytes(spoilt[at : at + 4], "little")
        values = (0, 1, 2, 7, old + 1, old + 4, old * 2, 10**6, 2**31 - 1, 2**31, 2**32 - 1)
        new = chance.choice((*values, chance.randrange(len(spoilt))))
        spoilt[at : at + 4] = (new % 2**32).to_bytes(4, "little")
    return spoilt_bytes(spoilt, chance) if chance.random() < 0.5 else bytes(spoilt)


def _tflite(chance: random.Random) -> bytes:
    return spoilt_tables(chance.choice(_TFLITE), chance)


_ONNX = [
    *(case.data() for case in onnx_microsoft.CASES.values()),
    *[onnx_microsoft.LOOPED, onnx_microsoft.OPEN] * 3,
    *[(TESTS / "readers" / "onnx" / "norms.onnx").read_bytes()] * 5,
]


def _onnx(chance: random.Random) -> bytes:
    return spoilt_bytes(chance.choice(_ONNX), chance)


#: A format: how a damaged file of it is made, and its reader.
FORMATS: dict[str, tuple[Callable[[random.Random], bytes], Callable[[str, bytes], ReadModel]]] = {
    "caffe": (_caffe, caffe.read),
    "darknet": (_darknet, darknet.read),
    "keras": (_keras, keras.read),
    "onnx": (_onnx, onnx.read),
    "pt2": (_pt2, pt2.read),
    "tflite": (_tflite, tflite.read),
}


def outcome(name: str, seed: int) -> str:
    """Try one damaged file; return what came of it: nothing, or the codes of what is wrong."""
    make, read = FORMATS[name]
    data = make(random.Random(f"{name} {seed}"))
    begin = time.process_time()
    try:
        report = compute_report(build(as_source("<fuzz>", read("<fuzz>", data))))
    except SpecErrors as error:
        well_told(error.problems)
        result = " ".join(sorted({problem.code for problem in error.problems}))
    else:
        if report.domain is None:  # with letters it holds what no numbers may fit
            adds_up(report)
        result = "read"
    assert time.process_time() - begin < LIMIT
    return result


def main(count: int, first: int = 0, names: tuple[str, ...] = tuple(FORMATS)) -> None:
    """Try so many files a format, and say what came of them."""
    for name in names:
        results: Counter[str] = Counter()
        for seed in range(first, first + count):
            try:
                results[outcome(name, seed)] += 1
            except Exception as error:  # noqa: BLE001
                results[f"CRASH {type(error).__name__}: {str(error)[:100]}"] += 1
                if (
                    results.total() - results["read"]
                    and sum(k.startswith("CRASH") for k in results) < 12
                ):
                    sys.stdout.write(f"{name} {seed}: {error!r}\n")
        sys.stdout.write(f"{name}: {count} files, {dict(results.most_common(30))}\n")
        sys.stdout.flush()
