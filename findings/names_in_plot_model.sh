#!/usr/bin/env bash
# Keras draws a model through Graphviz: keras.utils.plot_model, whose nodes are tables in markup.
# Guessed: a layer's name, which Keras lets be any text without a slash, is only a text in it.
# Found: the name goes into the markup as it is.  With an ampersand or a < in it the label is not
# well formed: dot ends with 1, and plot_model(show_layer_names=True) raises.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 pydot==4.0.1 'numpy<3'
cat > "$work/names.py" <<'PY'
import os
import re
from xml.etree import ElementTree

os.environ["KERAS_BACKEND"] = "jax"
import keras

for name in ("conv_pool", "conv & pool", "3x3 < 5x5"):
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(4, 3, name=name)(inputs))
    text = keras.utils.model_to_dot(model, show_layer_names=True).to_string()
    label = re.findall(r"label=<(<table .*</table>)>", text)[-1]
    try:
        ElementTree.fromstring(label)
    except ElementTree.ParseError:
        print(f"{name}: the label is not well formed")
    else:
        print(f"{name}: the label is well formed")
PY
"$work/venv/bin/python" "$work/names.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
conv_pool: the label is well formed
conv & pool: the label is not well formed
3x3 < 5x5: the label is not well formed
SEEN
