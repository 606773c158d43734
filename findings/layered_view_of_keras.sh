#!/usr/bin/env bash
# visualkeras draws Keras models, as layers one behind the other or as a graph.
# Guessed: layered_view, its best known picture, draws what graph_view draws.
# Found: with Keras 3 it raises for every model, for it asks each layer for its output_shape, which
# layers have not had since Keras 3.0 of 2023; graph_view draws the same models.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 visualkeras==0.2.0 'numpy<3'
cat > "$work/views.py" <<'PY'
import os
import warnings

os.environ["KERAS_BACKEND"] = "jax"
warnings.simplefilter("ignore")
import keras
import visualkeras

chain = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3)])
for name, model in (("sequential", chain), ("functional", keras.Model(chain.inputs, chain.outputs))):
    for view in (visualkeras.graph_view, visualkeras.layered_view):
        try:
            image = view(model)
        except AttributeError as error:
            print(f"{view.__name__}, {name}: {error}")
        else:
            print(f"{view.__name__}, {name}: drawn")
PY
"$work/venv/bin/python" "$work/views.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
graph_view, sequential: drawn
layered_view, sequential: 'Conv2D' object has no attribute 'output_shape'
graph_view, functional: drawn
layered_view, functional: 'InputLayer' object has no attribute 'output_shape'
SEEN
