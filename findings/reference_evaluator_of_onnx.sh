#!/usr/bin/env bash
# Four operations in the reference evaluator of the package onnx, beside ONNX Runtime.
# Guessed: what the standard's own package computes is what runtimes compute.
# Found: it refuses a transposed convolution in groups of several filters; pads a maximum pool with pads
# 0,0,1,1 to another shape (1x3 for 2x2); takes a global maximum over channels of a signal; and gives NaN
# for a mean whose window hangs over without padding.  Of a maximum of nothing but -inf the runtime gives
# the lowest float, where the reference gives -inf.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.32.0 'numpy<3'
cat > "$work/evaluate.py" <<'PY'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def beside(op, *inputs, **attributes):
    names = [f"x{number}" for number in range(len(inputs))]
    feeds = {name: np.array(x, "float32") for name, x in zip(names, inputs)}
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], **attributes)],
        "one",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in feeds.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    print(op, "runtime", session.run(None, feeds)[0].tolist(), end=", reference ")
    try:
        print(ReferenceEvaluator(model).run(None, feeds)[0].tolist())
    except ValueError as error:
        print(type(error).__name__)


beside("ConvTranspose", np.ones((1, 2, 1, 1)), np.ones((2, 2, 1, 1)), group=2)
beside("MaxPool", [[[[0, 1], [2, 3]]]], kernel_shape=[2, 2], pads=[0, 0, 1, 1])
beside("GlobalMaxPool", [[[-5], [7]]])
beside("AveragePool", [[[1]]], kernel_shape=[3], strides=[3], ceil_mode=1)
beside("MaxPool", np.full((1, 1, 2, 2), -np.inf), kernel_shape=[2, 2])
PY
"$work/venv/bin/python" "$work/evaluate.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
ConvTranspose runtime [[[[1.0]], [[1.0]], [[1.0]], [[1.0]]]], reference ValueError
MaxPool runtime [[[[3.0, 3.0], [3.0, 3.0]]]], reference [[[[2.0, 3.0, 3.0]]]]
GlobalMaxPool runtime [[[-5.0], [7.0]]], reference [[7.0]]
AveragePool runtime [[[1.0]]], reference [[[nan]]]
MaxPool runtime [[[[-3.4028234663852886e+38]]]], reference [[[[-inf]]]]
SEEN
