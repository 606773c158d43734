"""torchvision as judge: its models own and compute what the specs of the same networks say.

Its `googlenet` is another network (batch normalisation, and 3x3 where the paper has 5x5), and its
`alexnet` is the one of `alexnet-owt`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import need
from whole import agree, ours, weighted

from shapecalc import summarize

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = need("torch")
    nn = torch.nn

models = need("torchvision.models")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


#: Our spec -> torchvision's model.
SAME = {
    "alexnet-owt": "alexnet",
    "vgg11": "vgg11",
    "vgg13": "vgg13",
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "resnet18": "resnet18",
    "resnet34": "resnet34",
    "resnet50-v1.5": "resnet50",
    "resnet101-v1.5": "resnet101",
    "resnet152-v1.5": "resnet152",
    "densenet121": "densenet121",
    "mobilenet-v2": "mobilenet_v2",
    "inception-v3": "inception_v3",
    "squeezenet": "squeezenet1_0",
    "squeezenet-1.1": "squeezenet1_1",
    "resnext50": "resnext50_32x4d",
    "efficientnet-b0": "efficientnet_b0",
    "mobilenet-v3-small": "mobilenet_v3_small",
    "regnet-y-400mf": "regnet_y_400mf",
    "shufflenet-v2": "shufflenet_v2_x1_0",
    "convnext-tiny": "convnext_tiny",
    "r3d-18": "r3d_18",
}

#: Networks with attention, which torchvision computes in one call: its layers are not seen.
ATTENDING = {"vit-b-16": "vit_b_16", "deit-s": "vit_s_16", "swin-t": "swin_t"}

#: The networks of the paper, whose stride torchvision's have elsewhere.
VERSION_1 = ("resnet50", "resnet101", "resnet152")

#: Options that leave out what the specs leave out (and initialisation, which takes a minute).
OPTIONS = {"inception_v3": {"aux_logits": False, "init_weights": False}}


class Boxes(nn.Module):
    """SSD without what it does to pictures before, and to boxes after, its layers."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        made = models.detection.ssd300_vgg16(
            weights=None, weights_backbone=None, num_classes=classes
        )
        self.backbone, self.head = made.backbone, made.head

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        found: list[torch.Tensor] = list(self.head(list(self.backbone(x).values())).values())
        return found


#: What torchvision has no builder for, or elsewhere.
OTHERS = {
    "r3d_18": models.video.r3d_18,
    "vit_s_16": lambda: models.vision_transformer.VisionTransformer(224, 16, 12, 6, 384, 1536),
}


def build(name: str) -> nn.Module:
    made = OTHERS.get(name) or getattr(models, name)
    if name.startswith(("efficientnet", "regnet")):
        return made().eval().to("meta")  # it computes with numbers while it is built
    with torch.device("meta"):
        return made(**OPTIONS.get(name, {})).eval()


def as_version_1(model: nn.Module) -> nn.Module:
    """Move the stride to the first 1x1, where He et al. (2015) have it; torchvision's is v1.5."""
    for block in model.modules():
        if isinstance(block, models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    return model


@pytest.mark.parametrize("spec", SAME)
def test_the_network_is_torchvision_s(spec: str) -> None:
    agree(summarize(spec), build(SAME[spec]))


@pytest.mark.parametrize("spec", ATTENDING)
def test_a_network_with_attention_is_torchvision_s(spec: str) -> None:
    agree(summarize(spec), build(ATTENDING[spec]), apart="attention")


def test_maxvit_is_torchvision_s() -> None:
    """All of its layers, in windows there and on the map here: positions are counted."""
    agree(summarize("maxvit-t"), build("maxvit_t"), flat=True)


@pytest.mark.parametrize("classes", [21, 91])
def test_ssd_is_torchvision_s(classes: int) -> None:
    report = summarize("ssd300", settings={"classes": classes})
    with torch.device("meta"):
        model = Boxes(classes).eval()
    agree(report, model)
    assert report.graph.expected == {"params": report.totals.params, "macs": report.totals.macs}
    given = report.rows[0].output
    places, scores = model(torch.empty(1, given.channels, *given.sides, device="meta"))
    assert (places.shape, scores.shape) == ((1, 8732, 4), (1, 8732, classes))  # the paper's boxes
    joined = [row.output for row in report.rows if row.type == "concat"]
    assert sum(each.size for each in joined) == 8732 * (4 + classes)


@pytest.mark.parametrize("name", VERSION_1)
def test_version_1_is_torchvision_s_with_the_stride_in_the_first_1x1(name: str) -> None:
    agree(summarize(name), as_version_1(build(name)))


@pytest.mark.parametrize("name", VERSION_1)
def test_version_1_5_costs_more_by_three_1x1_at_the_larger_size(name: str) -> None:
    report = summarize(name)
    layers, macs = weighted(build(name), report)
    assert layers != ours(report)
    assert macs - report.totals.macs == 3 * 256 * 128 * (56 * 56 - 28 * 28)


@pytest.mark.parametrize("spec", ["squeezenet", "squeezenet-1.1"])
def test_squeezenet_on_torchvision_s_own_224_pixels(spec: str) -> None:
    agree(summarize(spec, input="224x224x3"), build(SAME[spec]))


@pytest.mark.parametrize(
    ("name", "third", "fourth"), [("densenet169", 32, 32), ("densenet201", 48, 32)]
)
def test_the_deeper_densenets_by_constants(name: str, third: int, fourth: int) -> None:
    agree(summarize("densenet121", settings={"n3": third, "n4": fourth}), build(name))
