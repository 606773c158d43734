"""Caffe's networks as prototxt, written anew from what is known of their layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.homework.diagnosis.simulated.networks import INCEPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LRN = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"


def layer(name: str, kind: str, bottoms: str | Sequence[str], top: str, body: str = "") -> str:
    names = [bottoms] if isinstance(bottoms, str) else bottoms
    reads = " ".join(f'bottom: "{bottom}"' for bottom in names)
    return f'layer {{ name: "{name}" type: "{kind}" {reads} top: "{top}" {body} }}'


def conv(name: str, bottom: str, filters: int, kernel: int, more: str = "") -> str:
    body = f"convolution_param {{ num_output: {filters} kernel_size: {kernel} {more} }}"
    return layer(name, "Convolution", bottom, name, body)


def relu(name: str, blob: str) -> str:
    return layer(name, "ReLU", blob, blob)


def pool(name: str, bottom: str, kind: str, kernel: int, more: str) -> str:
    body = f"pooling_param {{ pool: {kind} kernel_size: {kernel} {more} }}"
    return layer(name, "Pooling", bottom, name, body)


def dense(name: str, bottom: str, units: int) -> str:
    body = f"inner_product_param {{ num_output: {units} }}"
    return layer(name, "InnerProduct", bottom, name, body)


def dropout(name: str, blob: str, rate: float = 0.5) -> str:
    return layer(name, "Dropout", blob, blob, f"dropout_param {{ dropout_ratio: {rate} }}")


def file(name: str, layers: Iterator[str], *begin: str) -> str:
    return "\n".join([f'name: "{name}"', *begin, *layers]) + "\n"


def head_of_three() -> Iterator[str]:
    """The three dense layers of AlexNet and VGG."""
    bottom = "pool5"
    for number in (6, 7):
        name = f"fc{number}"
        yield from [dense(name, bottom, 4096), relu(f"relu{number}", name)]
        yield dropout(f"drop{number}", name)
        bottom = name
    yield from [dense("fc8", bottom, 1000), layer("prob", "Softmax", "fc8", "prob")]


def vgg16() -> str:
    def layers() -> Iterator[str]:
        bottom = "data"
        for stage, (filters, count) in enumerate(
            [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1
        ):
            for number in range(1, count + 1):
                name = f"conv{stage}_{number}"
                yield from [conv(name, bottom, filters, 3, "pad: 1"), relu(f"relu_{name}", name)]
                bottom = name
            yield pool(f"pool{stage}", bottom, "MAX", 2, "stride: 2")
            bottom = f"pool{stage}"
        yield from head_of_three()

    dims = ["input_dim: 10", "input_dim: 3", "input_dim: 224", "input_dim: 224"]
    return file("VGG_ILSVRC_16_layers", layers(), 'input: "data"', *dims)


def alexnet(*, pool_first: bool = False) -> str:
    """AlexNet in two groups; CaffeNet, where pools come first."""

    def normalised(number: int) -> list[str]:
        names = (f"conv{number}", f"norm{number}", f"pool{number}")
        bottom, norm, pooled = names
        if pool_first:
            return [
                pool(pooled, bottom, "MAX", 3, "stride: 2"),
                layer(norm, "LRN", pooled, norm, LRN),
            ]
        return [layer(norm, "LRN", bottom, norm, LRN), pool(pooled, norm, "MAX", 3, "stride: 2")]

    def layers() -> Iterator[str]:
        ends = "norm" if pool_first else "pool"
        yield from [conv("conv1", "data", 96, 11, "stride: 4"), relu("relu1", "conv1")]
        yield from normalised(1)
        yield conv("conv2", f"{ends}1", 256, 5, "pad: 2 group: 2")
        yield from [relu("relu2", "conv2"), *normalised(2)]
        yield from [conv("conv3", f"{ends}2", 384, 3, "pad: 1"), relu("relu3", "conv3")]
        yield from [conv("conv4", "conv3", 384, 3, "pad: 1 group: 2"), relu("relu4", "conv4")]
        yield from [conv("conv5", "conv4", 256, 3, "pad: 1 group: 2"), relu("relu5", "conv5")]
        yield pool("pool5", "conv5", "MAX", 3, "stride: 2")
        yield from head_of_three()

    data = (
        'layer { name: "data" type: "Input" top: "data" '
        "input_param { shape: { dim: 10 dim: 3 dim: 227 dim: 227 } } }"
    )
    return file("CaffeNet" if pool_first else "AlexNet", layers(), data)


TRAINED_DATA = [
    f'layer {{ name: "data" type: "Data" top: "data" top: "label" include {{ phase: {phase} }} '
    f"transform_param {{ mirror: {mirror} crop_size: 224 }} }}"
    for phase, mirror in (("TRAIN", "true"), ("TEST", "false"))
]
DEPLOYED_DATA = ['input: "data"', "input_shape { dim: 10 dim: 3 dim: 224 dim: 224 }"]


def googlenet(*, train: bool = False) -> str:
    def layers() -> Iterator[str]:
        yield from [conv("conv1/7x7_s2", "data", 64, 7, "stride: 2 pad: 3")]
        yield from [relu("conv1/relu_7x7", "conv1/7x7_s2")]
        yield pool("pool1/3x3_s2", "conv1/7x7_s2", "MAX", 3, "stride: 2")
        yield layer("pool1/norm1", "LRN", "pool1/3x3_s2", "pool1/norm1", LRN)
        yield from rectified("conv2/3x3_reduce", "pool1/norm1", 64, 1)
        yield from rectified("conv2/3x3", "conv2/3x3_reduce", 192, 3, "pad: 1")
        yield layer("conv2/norm2", "LRN", "conv2/3x3", "conv2/norm2", LRN)
        yield pool("pool2/3x3_s2", "conv2/norm2", "MAX", 3, "stride: 2")
        bottom = "pool2/3x3_s2"
        for name, columns in INCEPTIONS.items():
            yield from inception(f"inception_{name}", bottom, columns)
            bottom = f"inception_{name}/output"
            if train and name in ("4a", "4d"):
                yield from head(f"loss{1 if name == '4a' else 2}", bottom)
            if name in ("3b", "4e"):
                pooled = f"pool{name[0]}/3x3_s2"
                yield pool(pooled, bottom, "MAX", 3, "stride: 2")
                bottom = pooled
        yield pool("pool5/7x7_s1", bottom, "AVE", 7, "stride: 1")
        yield dropout("pool5/drop_7x7_s1", "pool5/7x7_s1", 0.4)
        yield dense("loss3/classifier", "pool5/7x7_s1", 1000)
        if train:
            yield from measured("loss3")
        else:
            yield layer("prob", "Softmax", "loss3/classifier", "prob")

    return file("GoogleNet", layers(), *(TRAINED_DATA if train else DEPLOYED_DATA))


def rectified(name: str, bottom: str, filters: int, kernel: int, more: str = "") -> list[str]:
    folder, own = name.split("/")
    return [conv(name, bottom, filters, kernel, more), relu(f"{folder}/relu_{own}", name)]


def inception(path: str, bottom: str, columns: tuple[int, ...]) -> Iterator[str]:
    narrow, reduce3, wide3, reduce5, wide5, projected = columns
    yield from rectified(f"{path}/1x1", bottom, narrow, 1)
    yield from rectified(f"{path}/3x3_reduce", bottom, reduce3, 1)
    yield from rectified(f"{path}/3x3", f"{path}/3x3_reduce", wide3, 3, "pad: 1")
    yield from rectified(f"{path}/5x5_reduce", bottom, reduce5, 1)
    yield from rectified(f"{path}/5x5", f"{path}/5x5_reduce", wide5, 5, "pad: 2")
    yield pool(f"{path}/pool", bottom, "MAX", 3, "stride: 1 pad: 1")
    yield from rectified(f"{path}/pool_proj", f"{path}/pool", projected, 1)
    ends = [f"{path}/{end}" for end in ("1x1", "3x3", "5x5", "pool_proj")]
    yield layer(f"{path}/output", "Concat", ends, f"{path}/output")


def head(path: str, bottom: str) -> Iterator[str]:
    yield pool(f"{path}/ave_pool", bottom, "AVE", 5, "stride: 3")
    yield from rectified(f"{path}/conv", f"{path}/ave_pool", 128, 1)
    yield from [dense(f"{path}/fc", f"{path}/conv", 1024), relu(f"{path}/relu_fc", f"{path}/fc")]
    yield dropout(f"{path}/drop_fc", f"{path}/fc", 0.7)
    yield dense(f"{path}/classifier", f"{path}/fc", 1000)
    yield from measured(path)


def measured(path: str) -> Iterator[str]:
    reads = [f"{path}/classifier", "label"]
    yield layer(f"{path}/loss", "SoftmaxWithLoss", reads, f"{path}/loss", "loss_weight: 0.3")
    yield layer(f"{path}/top-1", "Accuracy", reads, f"{path}/top-1", "include { phase: TEST }")


def resnet50() -> str:
    def normalised(name: str, bottom: str, filters: int, kernel: int, more: str = "") -> list[str]:
        own = name.removeprefix("res") if name != "conv1" else "_conv1"
        return [
            conv(name, bottom, filters, kernel, f"bias_term: false {more}"),
            layer(f"bn{own}", "BatchNorm", name, name, "batch_norm_param { eps: 1e-5 }"),
            layer(f"scale{own}", "Scale", name, name, "scale_param { bias_term: true }"),
        ]

    def unit(name: str, bottom: str, filters: int, stride: int, *, first: bool) -> Iterator[str]:
        step = f"stride: {stride}"
        short = bottom
        if first:
            short = f"{name}_branch1"
            yield from normalised(short, bottom, 4 * filters, 1, step)
        a, b, c = (f"{name}_branch2{letter}" for letter in "abc")
        yield from [*normalised(a, bottom, filters, 1, step), relu(f"{a}_relu", a)]
        yield from [*normalised(b, a, filters, 3, "pad: 1"), relu(f"{b}_relu", b)]
        yield from normalised(c, b, 4 * filters, 1)
        yield from [layer(name, "Eltwise", [short, c], name), relu(f"{name}_relu", name)]

    def layers() -> Iterator[str]:
        yield from normalised("conv1", "data", 64, 7, "stride: 2 pad: 3")
        yield from [relu("conv1_relu", "conv1"), pool("pool1", "conv1", "MAX", 3, "stride: 2")]
        bottom = "pool1"
        for stage, (filters, count) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], 2):
            for number in range(count):
                name = f"res{stage}{'abcdef'[number]}"
                stride = 2 if number == 0 and stage > 2 else 1
                yield from unit(name, bottom, filters, stride, first=number == 0)
                bottom = name
        yield pool("pool5", bottom, "AVE", 7, "stride: 1")
        yield from [dense("fc1000", "pool5", 1000), layer("prob", "Softmax", "fc1000", "prob")]

    return file("ResNet-50", layers(), *DEPLOYED_DATA)


#: LeNet for training, in the spelling of 2013: capitals, `layers`, phases, data without a size.
LENET = """\
name: "LeNet"
layers {
  name: "mnist" type: DATA top: "data" top: "label"
  data_param { source: "train" backend: LMDB batch_size: 64 }
  include: { phase: TRAIN }
}
layers {
  name: "mnist" type: DATA top: "data" top: "label"
  data_param { source: "test" backend: LMDB batch_size: 100 }
  include: { phase: TEST }
}
layers {
  name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1"
  blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 20 kernel_size: 5 stride: 1 weight_filler { type: "xavier" } }
}
layers {
  name: "pool1" type: POOLING bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 }
}
layers {
  name: "conv2" type: CONVOLUTION bottom: "pool1" top: "conv2"
  convolution_param { num_output: 50 kernel_size: 5 stride: 1 }
}
layers {
  name: "pool2" type: POOLING bottom: "conv2" top: "pool2"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 }
}
layers { name: "ip1" type: INNER_PRODUCT bottom: "pool2" top: "ip1"
  inner_product_param { num_output: 500 } }
layers { name: "relu1" type: RELU bottom: "ip1" top: "ip1" }  # in place
layers { name: "ip2" type: INNER_PRODUCT bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 } }
layers { name: "accuracy" type: ACCURACY bottom: "ip2" bottom: "label" top: "accuracy"
  include: { phase: TEST } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "ip2" bottom: "label" top: "loss" }
"""
