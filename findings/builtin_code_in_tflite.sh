#!/usr/bin/env bash
# TensorFlow Lite's operator codes: a byte once (deprecated_builtin_code), an int32 since 2020.
# Guessed: the package `tflite`, made of the format's own schema, reads an operator as the runtime
# does, which takes the greater of both fields.
# Found: below 127 its accessor BuiltinCode() takes the old field alone, also where a file has only
# the new one.  Such a file's every operator is an ADD to it, whatever the runtime runs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  tflite==2.18.0 ai-edge-litert==2.3.0 'numpy<3'
cat > "$work/codes.py" <<'PY'
import flatbuffers
import numpy as np
import tflite
from ai_edge_litert.interpreter import Interpreter


def table(builder, kind, **fields):
    getattr(tflite, f"{kind}Start")(builder)
    for name, value in fields.items():
        getattr(tflite, f"{kind}Add{name}")(builder, value)
    return getattr(tflite, f"{kind}End")(builder)


def model(**code):
    """A model of one RELU, its operator code in some of the two fields."""
    b = flatbuffers.Builder(0)

    def tables(items):
        b.StartVector(4, len(items), 4)
        for item in reversed(items):
            b.PrependUOffsetTRelative(item)
        return b.EndVector()

    shape, first, second = (b.CreateNumpyVector(np.array(v, "<i4")) for v in ([1, 4], [0], [1]))
    names = [b.CreateString(name) for name in "xy"]
    tensors = tables([table(b, "Tensor", Shape=shape, Name=name) for name in names])
    operators = tables([table(b, "Operator", Inputs=first, Outputs=second)])
    graph = tables([
        table(b, "SubGraph", Tensors=tensors, Operators=operators, Inputs=first, Outputs=second)
    ])
    codes = tables([table(b, "OperatorCode", Version=1, **code)])
    buffers = tables([table(b, "Buffer")])
    whole = table(
        b, "Model", Version=3, OperatorCodes=codes, Subgraphs=graph, Buffers=buffers
    )
    b.Finish(whole, b"TFL3")
    return bytes(b.Output())


relu = tflite.BuiltinOperator.RELU
for field in ("DeprecatedBuiltinCode", "BuiltinCode"):
    data = model(**{field: relu})
    read = tflite.opcode2name(tflite.Model.GetRootAs(data, 0).OperatorCodes(0).BuiltinCode())
    run = Interpreter(model_content=data)._get_ops_details()[0]["op_name"]
    print(f"{field} alone: the package reads {read}, the runtime {run}")
PY
"$work/venv/bin/python" "$work/codes.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
DeprecatedBuiltinCode alone: the package reads RELU, the runtime RELU
BuiltinCode alone: the package reads ADD, the runtime RELU
SEEN
