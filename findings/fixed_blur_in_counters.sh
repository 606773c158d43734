#!/usr/bin/env bash
# The anti-aliasing blur is a depthwise convolution with a fixed kernel, kept as a buffer.
# Guessed: counters that hook modules say 0, those that see operators count it, and ptflops, which
# also patches torch.nn.functional, counts it with either backend.
# Found: half of them count it.  ptflops contradicts itself: its backend "pytorch" says 0, "aten"
# counts; torchinfo, which multiplies outputs by parameters, sees no parameters and says 0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 'numpy<3' \
  fvcore==0.1.5.post20221221 thop==0.1.1.post2209072238 ptflops==0.7.5 torchinfo==1.8.0
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps antialiased-cnns==0.3
cat > "$work/count.py" <<'PY'
import contextlib
import io
import warnings

warnings.filterwarnings("ignore")
import thop
import torch
import torchinfo
from antialiased_cnns.blurpool import BlurPool
from fvcore.nn import FlopCountAnalysis
from ptflops import get_model_complexity_info
from torch.utils.flop_counter import FlopCounterMode

# 1x1 convolution: 8*8*16*16 = 16,384 MACs.  Blur, kernel 3, stride 2: 8*9*8*8 = 4,608.
network = torch.nn.Sequential(torch.nn.Conv2d(8, 8, 1, bias=False), BlurPool(8, filt_size=3))
image = torch.zeros(1, 8, 16, 16)
fvcore = FlopCountAnalysis(network, image)
fvcore.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
print("fvcore", fvcore.total())
print("thop", int(thop.profile(network, (image,), verbose=False)[0]))
for backend in ("pytorch", "aten"):
    with contextlib.redirect_stdout(io.StringIO()):
        macs, _ = get_model_complexity_info(
            network, (8, 16, 16), as_strings=False, print_per_layer_stat=False, backend=backend
        )
    print("ptflops", backend, macs)
print("torchinfo", torchinfo.summary(network, input_data=image, verbose=0).total_mult_adds)
with FlopCounterMode(display=False) as counter:
    network(image)
print("torch", counter.get_total_flops() // 2)
PY
"$work/venv/bin/python" "$work/count.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
fvcore 20992
thop 16384
ptflops pytorch 16384
ptflops aten 20992
torchinfo 16384
torch 20992
SEEN
