#!/usr/bin/env bash
# Keras 3 on JAX with 64-bit numbers switched on in both, given float64.
# Guessed: what is computed of float64 is float64, as in NumPy: tanh like exp, and a batch
# normalisation made with dtype="float64" to some 16 digits.
# Found: Keras' own rule of types makes float32 of float64 (result_type("float64") is "float32" on
# this backend), and what asks it follows: tanh returns float32 where exp returns float64, and all
# outputs of the batch normalisation are float32 numbers, though they are of the type float64.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 'numpy<3'
cat > "$work/dtypes.py" <<'PY'
import os

os.environ["KERAS_BACKEND"] = "jax"
import jax

jax.config.update("jax_enable_x64", True)
import keras
import numpy as np

keras.config.set_floatx("float64")
x = keras.ops.convert_to_tensor(np.linspace(-1, 1, 7), "float64")
print("result_type", keras.backend.result_type("float64"))
print("tanh", keras.ops.tanh(x).dtype)
print("exp", keras.ops.exp(x).dtype)
y = np.asarray(keras.layers.BatchNormalization(dtype="float64")(np.full((1, 2, 2, 3), np.pi)))
print("batch normalisation", y.dtype, "all float32:", bool((y == y.astype("float32")).all()))
PY
"$work/venv/bin/python" "$work/dtypes.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
result_type float32
tanh float32
exp float64
batch normalisation float64 all float32: True
SEEN
