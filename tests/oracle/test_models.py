"""The counting tools on the models that people run.

Every profile of PyTorch's tools on torchvision's own networks, TensorFlow's on those of Keras, and
Paddle's on its own.
"""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from judge import need
from tools import OF_REPORTS, ON_CPU, TOOLS, installed, keras_on_tensorflow, of_keras

from shapecalc import summarize
from shapecalc.counting.profiles import PROFILES
from tests.counting.test_profiles import UNSAID
from tests.paths import TESTS

if TYPE_CHECKING:
    import torch
else:
    torch = need("torch")

models = need("torchvision.models")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

PRINTED: dict[str, dict[str, int]] = json.loads(
    (TESTS / "data" / "torchvision_counts.json").read_text("utf-8")
)["counts"]

#: What frameworks count of their own models: profile -> spec -> the model's name and the number.
OWN: dict[str, dict[str, tuple[str, int]]] = json.loads(
    (TESTS / "data" / "framework_counts.json").read_text("utf-8")
)["counts"]

#: Those that count no model of PyTorch; what onnx-tool says of exported ones is in test_onnx_files.py.
OF_TORCH = sorted(TOOLS.keys() - set(OF_REPORTS))


def built(spec: str, *, real: bool) -> Any:
    """Build torchvision's model of a spec and its one picture, on the CPU or on no device."""
    name = spec.removesuffix("-torchvision").replace("-", "_")
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        model = getattr(models, name)(weights=None, **options).eval()
        model.inputs = [torch.zeros(1, 3, 224, 224)]
    if real:
        model.to_empty(device="cpu")
        model.inputs = [torch.zeros(1, 3, 224, 224)]
    return model


@pytest.mark.parametrize("profile", OF_TORCH)
@pytest.mark.parametrize("spec", PRINTED)
def test_a_profile_is_its_tool_on_the_model_itself(spec: str, profile: str) -> None:
    package, count = TOOLS[profile]
    if not installed(package):
        pytest.skip(f"{package} is not installed: pip install 'shapecalc-convnets[tools]'")
    model = built(spec, real=profile in ON_CPU)
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        number = count(model)
    assert number == PRINTED[spec][profile]
    if (spec, profile) not in UNSAID:
        assert PROFILES[profile].count(summarize(spec).totals) == number


@pytest.mark.parametrize(
    ("profile", "spec"), [(profile, spec) for profile in OWN for spec in OWN[profile]]
)
def test_a_profile_is_its_framework_on_its_own_model(profile: str, spec: str) -> None:
    package, _ = TOOLS[profile]
    if not installed(package):
        pytest.skip(f"{package} is not installed: pip install 'shapecalc-convnets[tools-...]'")
    name, printed = OWN[profile][spec]
    with contextlib.redirect_stdout(io.StringIO()):
        if profile == "tensorflow":
            made = getattr(keras_on_tensorflow().applications, name)(weights=None)
            number = of_keras(made)
        else:
            side = 299 if name == "inception_v3" else 224
            paddle = need("paddle")
            made = getattr(paddle.vision.models, name)()
            number = int(paddle.flops(made, [1, 3, side, side]))
    assert number == printed == PROFILES[profile].count(summarize(spec).totals)
