#!/usr/bin/env bash
# A convolution with weight norm as torch.nn.utils.parametrizations has it, 3 to 8 channels on 8x8.
# Guessed: it is a Conv2d still, so counters that hook modules count its 13,824 multiply-accumulates.
# Found: its class becomes ParametrizedConv2d, and those that look a class up by its exact type or name
# say 0: torchinfo, thop, torchscan and ptflops' backend "pytorch".  What sees operators counts it, and
# so does calflops.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 'numpy<3' \
  fvcore==0.1.5.post20221221 thop==0.1.1.post2209072238 ptflops==0.7.5 torchinfo==1.8.0
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps torchscan==0.2.0
cat > "$work/count.py" <<'PY'
import contextlib
import io
import warnings

warnings.filterwarnings("ignore")
import thop
import torch
import torchinfo
import torchscan
from fvcore.nn import FlopCountAnalysis
from ptflops import get_model_complexity_info
from torch.nn.utils.parametrizations import weight_norm

image = torch.zeros(1, 3, 8, 8)


def network():
    return torch.nn.Sequential(weight_norm(torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)))


print("class", type(network()[0]).__name__)
fvcore = FlopCountAnalysis(network(), image)
fvcore.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
print("fvcore", int(fvcore.total()))
print("torchinfo", torchinfo.summary(network(), input_data=image, verbose=0).total_mult_adds)
print("thop", int(thop.profile(network(), (image,), verbose=False)[0]))
for backend in ("pytorch", "aten"):
    with contextlib.redirect_stdout(io.StringIO()):
        macs, _ = get_model_complexity_info(
            network(), (3, 8, 8), as_strings=False, print_per_layer_stat=False, backend=backend
        )
    print("ptflops", backend, macs)
report = torchscan.crawl_module(network(), args=(image,))
print("torchscan", report["totals"]["macs"]["known_value"])
PY
"$work/venv/bin/python" "$work/count.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
class ParametrizedConv2d
fvcore 13824
torchinfo 0
thop 0
ptflops pytorch 0
ptflops aten 13824
torchscan 0
SEEN
