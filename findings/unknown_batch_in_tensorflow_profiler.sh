#!/usr/bin/env bash
# TensorFlow's v1 profiler on a convolution of 3 to 8 channels, 3x3, bias, 8x8: 28,160 operations.
# Guessed: the same with a batch of unknown size, as Keras models have it, inside another
# tf.function, and, less the grouped one, for what stands behind a grouped convolution.
# Found: 0 for an unknown batch, with a line in the log; 0 behind another tf.function, which is not
# looked into; and once a graph is frozen, as recipes say, nothing behind a grouped convolution.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1
cat > "$work/count.py" <<'PY'
import keras
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

profiler = tf.compat.v1.profiler


def operations(function, batch, channels, frozen=False):
    image = tf.TensorSpec((batch, 8, 8, channels), tf.float32)
    concrete = tf.function(function).get_concrete_function(image)
    graph = convert_variables_to_constants_v2(concrete).graph if frozen else concrete.graph
    what = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    return profiler.profile(graph, options=what.with_empty_output().build()).total_float_ops


image = keras.Input((8, 8, 3))
model = keras.Model(image, layers.Conv2D(8, 3, padding="same")(image))
inner = tf.function(lambda x: model(x))
maps = keras.Input((8, 8, 4))
grouped = layers.Conv2D(3, 1, groups=1)(layers.Conv2D(4, 1, groups=2, use_bias=False)(maps))
behind = keras.Model(maps, grouped)
print("a batch of 1", operations(lambda x: model(x), 1, 3))
print("an unknown batch", operations(lambda x: model(x), None, 3))
print("in another function", operations(lambda x: inner(x), 1, 3))
print("behind a grouped one", operations(lambda x: behind(x), 1, 4))
print("frozen", operations(lambda x: behind(x), 1, 4, frozen=True))
PY
"$work/venv/bin/python" "$work/count.py" 2>/dev/null | grep -v "no flops stats" | tee "$work/output"
diff - "$work/output" <<'SEEN'
a batch of 1 28160
an unknown batch 0
in another function 0
behind a grouped one 1728
frozen 0
SEEN
