#!/usr/bin/env bash
# ONNX's Resize by a factor that no binary number is: 3 by 5/3, 3 by 7/3, 9 by 11/9.
# Guessed: the standard floors size x factor, so all who read a file give one size.
# Found: the factor is stored in single precision, a little below the fraction.  Shape inference and
# the reference evaluator multiply in double precision and floor to one less (4, 6, 10); ONNX Runtime
# multiplies in single precision, which rounds up to the whole number (5, 7, 11).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.32.0 'numpy<3'
cat > "$work/resize.py" <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

for size, factor in ((3, 5 / 3), (3, 7 / 3), (9, 11 / 9), (4, 5 / 2)):
    scales = np.array([1, 1, factor, factor], "float32")
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="nearest")
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, size, size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [helper.make_tensor("scales", TensorProto.FLOAT, [4], scales)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    x = {"x": np.zeros((1, 1, size, size), "float32")}
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape
    reference = ReferenceEvaluator(model).run(None, x)[0]
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    print(f"{size} x {factor:.4f}: inference", inferred.dim[2].dim_value, end=", ")
    print("reference", reference.shape[2], "runtime", session.run(None, x)[0].shape[2])
PY
"$work/venv/bin/python" "$work/resize.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
3 x 1.6667: inference 4, reference 4 runtime 5
3 x 2.3333: inference 6, reference 6 runtime 7
9 x 1.2222: inference 10, reference 10 runtime 11
4 x 2.5000: inference 10, reference 10 runtime 10
SEEN
