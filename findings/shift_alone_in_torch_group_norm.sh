#!/usr/bin/env bash
# A group normalisation that has a trained shift and no scale, beside a layer normalisation so.
# Guessed: both functions take None for weight and for bias, so either may be missing, forward and
# backward.
# Found: the layer normalisation goes back; the group normalisation computes its output, and its
# gradient is an error: "tensor does not have a device".  A scale without a shift works.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 'numpy<3'
cat > "$work/norms.py" <<'PY'
import torch
from torch.nn import functional

x = torch.linspace(0, 1, 24).reshape(2, 3, 4).requires_grad_()
trained = torch.ones(3, requires_grad=True)
cases = {
    "group norm, scale": lambda: functional.group_norm(x, 1, trained, None),
    "group norm, shift": lambda: functional.group_norm(x, 1, None, trained),
    "layer norm, shift": lambda: functional.layer_norm(x.mT, (3,), None, trained),
}
for name, run in cases.items():
    y = run()
    try:
        y.sum().backward()
        print(name, tuple(y.shape), "goes back")
    except RuntimeError as error:
        print(name, tuple(y.shape), error)
PY
"$work/venv/bin/python" "$work/norms.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
group norm, scale (2, 3, 4) goes back
group norm, shift (2, 3, 4) tensor does not have a device
layer norm, shift (2, 4, 3) goes back
SEEN
