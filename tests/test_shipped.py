"""The shipped specs give the published numbers, to the digit.

Every constant stands here with its source and is computed by nothing of the project.  "published"
is the project's collection of published figures (`reference/published.md`), whose totals were
cross-checked against the authors' Caffe files, torchvision and Keras.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

import shapecalc
from shapecalc.layers import BUILTIN
from shapecalc.layers.shape import as_text
from shapecalc.report.fold import fold
from shapecalc.spec.language import json_schema
from tests.paths import NETWORKS, SPECS

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report, Row


#: spec: params, MACs of convolutions and dense layers.  The table of the project's second issue;
#: its sources are beside the figures in published, sections 1 to 9.
TOTALS = {
    "mnist-cnn": (3_274_634, 13_883_904),
    "lenet5": (61_706, 416_520),
    "lenet5-literal": (51_902, 406_800),
    "lenet5-1998": (60_000, 327_256),
    "alexnet": (62_378_344, 1_135_256_096),
    "alexnet-2012": (60_965_224, 724_406_816),
    "alexnet-cuda-convnet": (60_965_224, 724_406_816),  # as 227: section 3, "224 or 227"
    "alexnet-matconvnet": (60_965_224, 724_406_816),  # its LRN has neither
    "alexnet-owt": (61_100_840, 714_188_480),
    "zfnet": (62_357_608, 1_168_032_896),
    "zfnet-512": (107_627_624, 2_476_704_896),
    "zfnet-as-taught": (386_548_840, 10_147_396_384),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg11-lrn": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16-c": (133_638_952, 11_770_888_192),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "googlenet": (6_998_552, 1_582_671_872),
    "googlenet-train": (13_378_280, 1_591_044_096),
    "googlenet-as-trained": (7_051_484, 1_500_878_720),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 3_857_973_248),
    # by hand: three stages of 2n convolutions of 32*32*16*16*9 MACs, 9*(16*16 + 32*32 + 64*64)
    # weights in all three; the first of two stages have half
    "resnet-cifar": (269_722, 40_551_040),
    "resnet101": (44_549_160, 7_570_194_432),
    "resnet152": (60_192_808, 11_282_415_616),
    "resnet50-v1.5": (25_557_032, 4_089_184_256),  # section 7: "stride in the 3x3"
    "resnet101-v1.5": (44_549_160, 7_801_405_440),
    "resnet152-v1.5": (60_192_808, 11_513_626_624),
    # torchvision 0.28.0, Keras 3.15.1 (parameters without statistics)
    "alexnet-torchvision": (61_100_840, 714_188_480),
    "vgg11-torchvision": (132_863_336, 7_609_090_048),
    "vgg13-torchvision": (133_047_848, 11_308_466_176),
    "vgg16-torchvision": (138_357_544, 15_470_264_320),
    "vgg16-bn-torchvision": (138_365_992, 15_470_264_320),
    "vgg19-torchvision": (143_667_240, 19_632_062_464),
    "resnet18-torchvision": (11_689_512, 1_814_073_344),
    "resnet34-torchvision": (21_797_672, 3_663_761_408),
    "resnet50-torchvision": (25_557_032, 4_089_184_256),
    "resnet101-torchvision": (44_549_160, 7_801_405_440),
    "resnet152-torchvision": (60_192_808, 11_513_626_624),
    "googlenet-torchvision": (6_624_904, 1_498_376_192),
    "keras-vgg16": (138_357_544, 15_470_264_320),
    "keras-resnet50": (25_583_592, 3_857_973_248),
    "plain18": (11_515_688, 1_794_805_760),
    "plain34": (21_623_848, 3_644_493_824),
    "alphago": (3_882_793, 1_400_726_208),
    # torchvision 0.28.0 in PyTorch 2.13.0, counted by hooks, SqueezeNet on 227 pixels
    "densenet121": (7_978_856, 2_834_161_664),
    "inception-v3": (23_834_568, 5_713_216_096),
    "mobilenet-v2": (3_504_872, 300_774_272),
    "squeezenet": (1_248_424, 832_667_936),
    "squeezenet-1.1": (1_235_496, 387_747_520),
    # the papers' tables and figures, typed in PyTorch and counted by hooks (oracle/test_papers.py)
    "dcgan": (18_885_760, 640_614_400),
    "mobilenet-v1": (4_231_976, 568_740_352),
    "tiny-yolo-v2": (15_861_773, 3_485_520_896),
    "unet": (31_030_658, 150_428_424_448),
    # the code linked from the slides (published, section 10): its weight arrays, with biases or the
    # two of a batch normalisation, added up by hand; MACs with SAME's sides 56, 28, 14, 7.
    # AlexNet's 76.0 million are published
    "alexnet-linked": (76_009_832, 1_270_155_264),
    "zfnet-linked": (75_989_096, 1_337_892_864),
    "googlenet-linked": (12_057_472, 2_130_188_864),
    "resnet34-linked": (112_190_504, 6_320_369_664),
    # 1 x 6 weights at 2 and at 3 places (published, section 9)
    "padding-valid": (6, 12),
    "padding-same": (6, 18),
    # by hand, as specs/course-pattern.yaml is written: 3x3 convolutions 3-64, 64-64 five times over
    # sides 32, 32, 16, 16, 8, 8; then 4x4x64 to 256 to 10:
    # 1,792 + 5 x 36,928 + 262,400 + 2,570 and
    # 1,728 x 1,024 + 36,864 x (1,024 + 2 x 256 + 2 x 64) + 262,144 + 2,560
    "course-pattern": (451_402, 63_375_872),
    # torchvision 0.28.0, counted by torch's counter on the meta device
    "resnext50": (25_028_904, 4_230_479_872),
    "efficientnet-b0": (5_288_548, 385_814_752),
    "mobilenet-v3-small": (2_542_856, 56_510_400),
    "regnet-y-400mf": (4_344_144, 401_842_848),
    "shufflenet-v2": (2_278_604, 144_907_992),
    "vit-b-16": (86_567_656, 17_563_828_224),
    "deit-s": (22_050_664, 4_598_882_304),
    "swin-t": (28_288_354, 4_490_566_656),
    "convnext-tiny": (28_589_128, 4_455_531_264),
    "maxvit-t": (30_919_624, 5_558_046_720),
    "r3d-18": (33_371_472, 40_696_553_472),
    "ssd300": (26_285_486, 31_373_537_792),
    # the papers' layers, typed in PyTorch and counted by its counter (oracle/test_papers.py);
    # GPT-2's parameters are those of the released checkpoint
    "c3d": (79_991_015, 38_548_959_232),
    "fcn8s": (134_489_759, 181_529_034_048),
    "gpt2-small": (124_439_808, 145_824_153_600),
    "gru-mnist": (31_910, 23_756_200),
    "lstm-mnist": (42_210, 31_674_600),
    "m5": (558_090, 278_533_120),
    "yolo-v1": (271_703_550, 20_285_153_280),
}

# Layer by layer: name, output, weights, biases, MACs (published, sections 1 to 5 and 8).  Layers
# that work in place have no row there.  Its pool5 of AlexNet and ZFNet is called pool3 here, and
# its fc_out fc2.
LENET5_1998 = """
C1       28x28x6               150      6        117,600
S2       14x14x6                 6      6          1,176
C3       10x10x16            1,500     16        150,000
S4       5x5x16                 16     16            400
C5       1x1x120            48,000    120         48,000
F6       1x1x84             10,080     84         10,080
OUTPUT   1x1x10                  0      0              0
"""
LENET5 = """
conv1    28x28x6               150      6        117,600
pool1    14x14x6                 0      0              0
conv2    10x10x16            2,400     16        240,000
pool2    5x5x16                  0      0              0
conv3    1x1x120            48,000    120         48,000
fc1      1x1x84             10,080     84         10,080
fc2      1x1x10                840     10            840
"""
LENET5_LITERAL = """
conv1    28x28x6               150      6        117,600
pool1    14x14x6                 0      0              0
conv2    10x10x16            2,400     16        240,000
pool2    5x5x16                  0      0              0
conv3    1x1x120            48,000    120         48,000
fc2      1x1x10              1,200     10          1,200
"""
MNIST = """
conv1    28x28x32              800     32        627,200
pool1    14x14x32                0      0              0
conv2    14x14x64           51,200     64     10,035,200
pool2    7x7x64                  0      0              0
fc1      1x1x1024        3,211,264  1,024      3,211,264
fc2      1x1x10             10,240     10         10,240
"""
ALEXNET = """
conv1    55x55x96           34,848     96    105,415,200
pool1    27x27x96                0      0              0
norm1    27x27x96                0      0              0
conv2    27x27x256         614,400    256    447,897,600
pool2    13x13x256               0      0              0
norm2    13x13x256               0      0              0
conv3    13x13x384         884,736    384    149,520,384
conv4    13x13x384       1,327,104    384    224,280,576
conv5    13x13x256         884,736    256    149,520,384
pool3    6x6x256                 0      0              0
fc6      1x1x4096       37,748,736  4,096     37,748,736
fc7      1x1x4096       16,777,216  4,096     16,777,216
fc8      1x1x1000        4,096,000  1,000      4,096,000
"""
ALEXNET_2012 = """
conv1    55x55x96           34,848     96    105,415,200
norm1    55x55x96                0      0              0
pool1    27x27x96                0      0              0
conv2    27x27x256         307,200    256    223,948,800
norm2    27x27x256               0      0              0
pool2    13x13x256               0      0              0
conv3    13x13x384         884,736    384    149,520,384
conv4    13x13x384         663,552    384    112,140,288
conv5    13x13x256         442,368    256     74,760,192
pool3    6x6x256                 0      0              0
fc6      1x1x4096       37,748,736  4,096     37,748,736
fc7      1x1x4096       16,777,216  4,096     16,777,216
fc8      1x1x1000        4,096,000  1,000      4,096,000
"""
ZFNET = """
conv1    110x110x96         14,112     96    170,755,200
pool1    55x55x96                0      0              0
norm1    55x55x96                0      0              0
conv2    26x26x256         614,400    256    415,334,400
pool2    13x13x256               0      0              0
norm2    13x13x256               0      0              0
conv3    13x13x384         884,736    384    149,520,384
conv4    13x13x384       1,327,104    384    224,280,576
conv5    13x13x256         884,736    256    149,520,384
pool3    6x6x256                 0      0              0
fc6      1x1x4096       37,748,736  4,096     37,748,736
fc7      1x1x4096       16,777,216  4,096     16,777,216
fc8      1x1x1000        4,096,000  1,000      4,096,000
"""
ZFNET_512 = """
conv1    110x110x96         14,112     96    170,755,200
pool1    55x55x96                0      0              0
norm1    55x55x96                0      0              0
conv2    26x26x256         614,400    256    415,334,400
pool2    13x13x256               0      0              0
norm2    13x13x256               0      0              0
conv3    13x13x512       1,179,648    512    199,360,512
conv4    13x13x1024      4,718,592  1,024    797,442,048
conv5    13x13x512       4,718,592    512    797,442,048
pool3    6x6x512                 0      0              0
fc6      1x1x4096       75,497,472  4,096     75,497,472
fc7      1x1x4096       16,777,216  4,096     16,777,216
fc8      1x1x1000        4,096,000  1,000      4,096,000
"""
ZFNET_AS_TAUGHT = """
conv1    111x111x96         14,112     96    173,873,952
pool1    55x55x96                0      0              0
norm1    55x55x96                0      0              0
conv2    55x55x256         614,400    256  1,858,560,000
pool2    27x27x256               0      0              0
norm2    27x27x256               0      0              0
conv3    27x27x512       1,179,648    512    859,963,392
conv4    27x27x1024      4,718,592  1,024  3,439,853,568
conv5    27x27x512       4,718,592    512  3,439,853,568
pool3    13x13x512               0      0              0
fc6      1x1x4096      354,418,688  4,096    354,418,688
fc7      1x1x4096       16,777,216  4,096     16,777,216
fc8      1x1x1000        4,096,000  1,000      4,096,000
"""
VGG16 = """
conv1_1  224x224x64          1,728     64     86,704,128
conv1_2  224x224x64         36,864     64  1,849,688,064
pool1    112x112x64              0      0              0
conv2_1  112x112x128        73,728    128    924,844,032
conv2_2  112x112x128       147,456    128  1,849,688,064
pool2    56x56x128               0      0              0
conv3_1  56x56x256         294,912    256    924,844,032
conv3_2  56x56x256         589,824    256  1,849,688,064
conv3_3  56x56x256         589,824    256  1,849,688,064
pool3    28x28x256               0      0              0
conv4_1  28x28x512       1,179,648    512    924,844,032
conv4_2  28x28x512       2,359,296    512  1,849,688,064
conv4_3  28x28x512       2,359,296    512  1,849,688,064
pool4    14x14x512               0      0              0
conv5_1  14x14x512       2,359,296    512    462,422,016
conv5_2  14x14x512       2,359,296    512    462,422,016
conv5_3  14x14x512       2,359,296    512    462,422,016
pool5    7x7x512                 0      0              0
fc6      1x1x4096      102,760,448  4,096    102,760,448
fc7      1x1x4096       16,777,216  4,096     16,777,216
fc8      1x1x1000        4,096,000  1,000      4,096,000
"""
ALPHAGO = """
conv1    19x19x192         230,400    192     83,174,400
conv2    19x19x192         331,776    192    119,771,136
conv3    19x19x192         331,776    192    119,771,136
conv4    19x19x192         331,776    192    119,771,136
conv5    19x19x192         331,776    192    119,771,136
conv6    19x19x192         331,776    192    119,771,136
conv7    19x19x192         331,776    192    119,771,136
conv8    19x19x192         331,776    192    119,771,136
conv9    19x19x192         331,776    192    119,771,136
conv10   19x19x192         331,776    192    119,771,136
conv11   19x19x192         331,776    192    119,771,136
conv12   19x19x192         331,776    192    119,771,136
conv13   19x19x1               192    361         69,312
"""


#: spec: its table, and its activations with the input (published, below each table).
TABLES = {
    "lenet5-1998": (LENET5_1998, 9_118),
    "lenet5": (LENET5, 9_118),
    "lenet5-literal": (LENET5_LITERAL, 9_034),
    "mnist-cnn": (MNIST, 48_858),
    "alexnet": (ALEXNET, 1_049_571),
    "alexnet-2012": (ALEXNET_2012, 1_413_347),
    "zfnet": (ZFNET, 2_343_976),
    "zfnet-512": (ZFNET_512, 2_526_248),
    "zfnet-as-taught": (ZFNET_AS_TAUGHT, 4_654_563),
    "vgg16": (VGG16, 15_237_608),
    "alphago": (ALPHAGO, 849_433),
}

IN_PLACE = ("relu", "tanh", "dropout", "softmax")

#: GoogLeNet's rows: weights, biases, MACs in millions; as trained: (weights + biases)/1024 and MACs
#: in millions (published, section 6).
GOOGLENET = {
    "conv1": (9_408, 64, 118.014, 2.711, 34.019),
    "conv2": (114_688, 256, 359.662, 112.25, 359.662),
    "inception_3a": (163_328, 368, 128.049, 159.859, 128.049),
    "inception_3b": (388_096, 640, 304.267, 379.625, 304.267),
    "inception_4a": (375_552, 624, 73.608, 363.98, 72.931),
    "inception_4b": (448_512, 648, 87.908, 437.227, 87.626),
    "inception_4c": (509_440, 664, 99.85, 498.148, 99.85),
    "inception_4d": (604_672, 704, 118.516, 591.188, 118.516),
    "inception_4e": (867_328, 1024, 169.996, 848.0, 169.996),
    "inception_5a": (1_042_432, 1024, 51.079, 1082.016, 54.24),
    "inception_5b": (1_442_816, 1264, 70.698, 1410.234, 70.698),
    "linear": (1_024_000, 1000, 1.024, 1000.977, 1.024),
}

#: GoogLeNet's output volumes: Szegedy et al. 2014, Table 1, column "output size".
GOOGLENET_SIZES = {
    "conv1": "112x112x64",
    "pool1": "56x56x64",
    "conv2": "56x56x192",
    "pool2": "28x28x192",
    "inception_3a": "28x28x256",
    "inception_3b": "28x28x480",
    "pool3": "14x14x480",
    "inception_4a": "14x14x512",
    "inception_4b": "14x14x512",
    "inception_4c": "14x14x512",
    "inception_4d": "14x14x528",
    "inception_4e": "14x14x832",
    "pool4": "7x7x832",
    "inception_5a": "7x7x832",
    "inception_5b": "7x7x1024",
    "pool5": "1x1x1024",
    "linear": "1000",
}

#: ResNet's stages: He et al. 2015, Table 1, column "output size"; the channels of its last 1x1.
RESNET_SIZES = {
    "resnet18": ("112x112x64", "56x56x64", "28x28x128", "14x14x256", "7x7x512"),
    "resnet34": ("112x112x64", "56x56x64", "28x28x128", "14x14x256", "7x7x512"),
    "plain18": ("112x112x64", "56x56x64", "28x28x128", "14x14x256", "7x7x512"),
    "plain34": ("112x112x64", "56x56x64", "28x28x128", "14x14x256", "7x7x512"),
    "resnet50": ("112x112x64", "56x56x256", "28x28x512", "14x14x1024", "7x7x2048"),
    "resnet101": ("112x112x64", "56x56x256", "28x28x512", "14x14x1024", "7x7x2048"),
    "resnet152": ("112x112x64", "56x56x256", "28x28x512", "14x14x1024", "7x7x2048"),
    "resnet50-v1.5": ("112x112x64", "56x56x256", "28x28x512", "14x14x1024", "7x7x2048"),
}

#: Convolutions with their projections, by the blocks of Table 1: 18 and 34 have two a block,
#: 50, 101 and 152 three, and the first, plus a projection in every stage that changes the volume.
RESNET_CONVOLUTIONS = {
    "plain18": 17,
    "plain34": 33,
    "resnet18": 17 + 3,
    "resnet34": 33 + 3,
    "resnet50": 49 + 4,
    "resnet101": 100 + 4,
    "resnet152": 151 + 4,
    "resnet50-v1.5": 49 + 4,
    "resnet101-v1.5": 100 + 4,
    "resnet152-v1.5": 151 + 4,
}

#: k: params, weights, biases, MACs (published, section 8); 99k^2 + 1213k + 361 parameters.
ALPHAGO_BY_K = {
    128: (1_777_641, 1_775_744, 1_897, 641_043_584),
    192: (3_882_793, 3_880_128, 2_665, 1_400_726_208),
    256: (6_798_953, 6_795_520, 3_433, 2_453_182_720),
    384: (15_064_297, 15_059_328, 4_969, 5_436_417_408),
}

#: LeCun et al. 1998, section II.B; OUTPUT is 10 x 84 (published, section 1).
LENET_CONNECTIONS = {
    "C1": 122_304,
    "S2": 5_880,
    "C3": 151_600,
    "S4": 2_000,
    "C5": 48_120,
    "F6": 10_164,
    "OUTPUT": 840,
}

#: Volumes that papers print, by the names of the rows at depth 1.
VOLUMES = {
    # Huang et al. 2016, Table 1, "output size"; a transition halves the channels
    "densenet121": {
        "conv1": "112x112x64",
        "pool1": "56x56x64",
        "dense_block1": "56x56x256",
        "transition1": "28x28x128",
        "dense_block2": "28x28x512",
        "transition2": "14x14x256",
        "dense_block3": "14x14x1024",
        "transition3": "7x7x512",
        "dense_block4": "7x7x1024",
    },
    # Radford, Metz, Chintala 2015, Figure 1
    "dcgan": {
        "reshape1": "4x4x1024",
        "transposed1": "8x8x512",
        "transposed2": "16x16x256",
        "transposed3": "32x32x128",
        "transposed4": "64x64x3",
    },
    # Szegedy et al. 2015, Table 1
    "inception-v3": {
        "unit1": "149x149x32",
        "unit2": "147x147x32",
        "unit3": "147x147x64",
        "pool1": "73x73x64",
        "mixed_5d": "35x35x288",
        "mixed_6e": "17x17x768",
        "mixed_7a": "8x8x1280",
        "mixed_7c": "8x8x2048",
        "global_avgpool1": "1x1x2048",
    },
    # Howard et al. 2017, Table 1, "input size" of the row below
    "mobilenet-v1": {
        "conv1": "112x112x32",
        "conv2": "112x112x64",
        "conv4": "56x56x128",
        "conv6": "28x28x256",
        "depthwise6": "14x14x256",
        "conv12": "14x14x512",
        "depthwise12": "7x7x512",
        "conv14": "7x7x1024",
        "global_avgpool1": "1x1x1024",
    },
    # Sandler et al. 2018, Table 2, "input" of the row below
    "mobilenet-v2": {
        "conv1": "112x112x32",
        "bottleneck1": "112x112x16",
        "bottleneck3": "56x56x24",
        "bottleneck6": "28x28x32",
        "bottleneck10": "14x14x64",
        "bottleneck13": "14x14x96",
        "bottleneck16": "7x7x160",
        "bottleneck17": "7x7x320",
        "conv2": "7x7x1280",
    },
    # Iandola et al. 2016, Table 1, "output size"
    "squeezenet": {
        "conv1": "111x111x96",
        "pool1": "55x55x96",
        "fire2": "55x55x128",
        "fire3": "55x55x128",
        "fire4": "55x55x256",
        "pool2": "27x27x256",
        "fire5": "27x27x256",
        "fire6": "27x27x384",
        "fire7": "27x27x384",
        "fire8": "27x27x512",
        "pool3": "13x13x512",
        "fire9": "13x13x512",
        "conv10": "13x13x1000",
        "global_avgpool1": "1x1x1000",
    },
    # Darknet's cfg/yolov2-tiny-voc.cfg: 416 halved five times; 5 x (4 + 1 + 20) channels
    "tiny-yolo-v2": {"unit6": "13x13x512", "pool6": "13x13x512", "conv1": "13x13x125"},
    # Ronneberger, Fischer, Brox 2015, Figure 1
    "unet": {
        "down1": "568x568x64",
        "down2": "280x280x128",
        "down3": "136x136x256",
        "down4": "64x64x512",
        "bottom": "28x28x1024",
        "up4": "52x52x512",
        "up3": "100x100x256",
        "up2": "196x196x128",
        "up1": "388x388x64",
        "conv1": "388x388x2",
    },
}

#: Width of MobileNet's first layer: millions of MACs and of parameters (Howard et al. 2017, Table
#: 6: a width of 1, 0.75, 0.5 and 0.25).
MOBILENET_WIDTHS = {32: (569, 4.2), 24: (325, 2.6), 16: (149, 1.3), 8: (41, 0.5)}

#: SqueezeNet's parameters (Iandola et al. 2016, Table 1, "before pruning").
SQUEEZENET = {
    "conv1": 14_208,
    "fire2": 11_920,
    "fire3": 12_432,
    "fire4": 45_344,
    "fire5": 49_440,
    "fire6": 104_880,
    "fire7": 111_024,
    "fire8": 188_992,
    "fire9": 197_184,
    "conv10": 513_000,
}

#: Classes of Tiny YOLOv2: bytes of its weights as Darknet stores them (every number in 4, after a
#: head of 16), and its billions of FLOPs on Darknet's page.
TINY_YOLO = {20: (63_471_556, 6.97), 80: (64_701_556, 7.07)}

#: What everyone calls the layers (the project's second issue).
NAMES = {
    "alexnet": "conv1 conv2 conv3 conv4 conv5 pool1 pool2 pool3 norm1 norm2 fc6 fc7 fc8",
    "alexnet-2012": "conv1 conv2 conv3 conv4 conv5 pool1 pool2 pool3 norm1 norm2 fc6 fc7 fc8",
    "alexnet-owt": "conv1 conv2 conv3 conv4 conv5 pool1 pool2 pool3 fc6 fc7 fc8",
}


@cache
def report_of(name: str) -> Report:
    return shapecalc.summarize(name)


def line(row: Row) -> tuple[str, str, int, int, int]:
    output = as_text(row.output)
    return (
        row.name,
        output if "x" in output else f"1x1x{output}",
        row.weights,
        row.biases,
        row.macs,
    )


def lines(table: str) -> list[tuple[str, str, int, int, int]]:
    found = []
    for each in table.split("\n")[1:-1]:
        name, output, *numbers = each.split()
        weights, biases, macs = (int(number.replace(",", "")) for number in numbers)
        found.append((name, output, weights, biases, macs))
    return found


every_spec = pytest.mark.parametrize("name", TOTALS)


def test_these_are_the_shipped_specs() -> None:
    assert sorted(TOTALS) == list(shapecalc.shipped())
    assert sorted(TOTALS) == sorted(path.stem for path in SPECS.glob("*.yaml"))


@every_spec
def test_parameters_and_macs(name: str) -> None:
    totals = report_of(name).totals
    assert (totals.params, totals.macs) == TOTALS[name]
    assert totals.flops == 2 * totals.macs


@pytest.mark.parametrize("name", TABLES)
def test_layer_by_layer(name: str) -> None:
    rows = [row for row in report_of(name).rows if row.type not in (*IN_PLACE, "input")]
    assert [line(row) for row in rows] == lines(TABLES[name][0])


@pytest.mark.parametrize("name", TABLES)
def test_activations_with_the_input(name: str) -> None:
    assert report_of(name).totals.activations == TABLES[name][1]


@every_spec
def test_the_rows_add_up(name: str) -> None:
    report = report_of(name)
    for column in ("params", "weights", "biases", "buffers", "macs", "flops", "activations"):
        assert sum(getattr(row, column) for row in report.rows) == getattr(report.totals, column)


@every_spec
def test_a_spec_says_what_it_is_and_what_it_expects(name: str) -> None:
    report = report_of(name)
    spec = report.graph.spec
    assert spec.name
    assert spec.citation
    assert spec.note
    assert len(spec.note) <= 120
    assert spec.expect_source
    expected = report.graph.expected
    assert (expected["params"], expected["macs"]) == TOTALS[name]
    for column, value in expected.items():
        assert getattr(report.totals, column) == value


# -- LeNet ----------------------------------------------------------------------------------------


def test_lenets_connections_layer_by_layer() -> None:
    report = report_of("lenet5-1998")
    found = {name: report[name].connections for name in LENET_CONNECTIONS}
    assert found == LENET_CONNECTIONS
    assert report.totals.connections == 340_908  # LeCun et al. 1998, section II.B


def test_lenets_trainable_parameters_and_fixed_codes() -> None:
    report = report_of("lenet5-1998")
    assert report.totals.params == 60_000  # LeCun et al. 1998: "60,000 trainable free parameters"
    assert report.totals.buffers == report["OUTPUT"].buffers == 840  # 10 codes of 7 x 12
    # LeCun et al. 1998, section II.B
    params = {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164}
    assert {name: report[name].params for name in params} == params


def test_lenets_third_layer_has_60_pairs_of_maps() -> None:
    # published, section 1: 6 x 3 + 6 x 4 + 3 x 4 + 1 x 6 = 60; in full 2,416 parameters
    assert report_of("lenet5-1998")["C3"].weights == 60 * 25
    assert report_of("lenet5")["conv2"].params == 2_416


# -- AlexNet --------------------------------------------------------------------------------------


def test_alexnets_neurons() -> None:
    # Krizhevsky et al. 2012, Figure 2, caption; conv1's printed 253,440 is 55 x 48 x 96 for
    # 55 x 55 x 96 (published, section 3)
    neurons = {
        "conv1": 290_400,
        "conv2": 186_624,
        "conv3": 64_896,
        "conv4": 64_896,
        "conv5": 43_264,
        "fc6": 4_096,
        "fc7": 4_096,
        "fc8": 1_000,
    }
    report = report_of("alexnet-2012")
    assert {name: report[name].output.size for name in neurons} == neurons


def test_what_two_groups_save() -> None:
    # published, section 3: conv2 307,200 + conv4 663,552 + conv5 442,368; 410,849,280 MACs
    one, two = report_of("alexnet"), report_of("alexnet-2012")
    saved = {name: one[name].params - two[name].params for name in ("conv2", "conv4", "conv5")}
    assert saved == {"conv2": 307_200, "conv4": 663_552, "conv5": 442_368}
    assert one.totals.macs - two.totals.macs == 410_849_280


def test_alexnets_paper_normalises_before_it_pools() -> None:
    names = [row.name for row in report_of("alexnet-2012").rows]
    assert names.index("norm1") < names.index("pool1")
    assert names.index("norm2") < names.index("pool2")
    names = [row.name for row in report_of("alexnet").rows]
    assert names.index("pool1") < names.index("norm1")


# -- VGG ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "weights", "biases"),
    [  # published, section 5
        ("vgg11", 132_851_392, 11_944),
        ("vgg11-lrn", 132_851_392, 11_944),
        ("vgg13", 133_035_712, 12_136),
        ("vgg16-c", 133_625_536, 13_416),
        ("vgg16", 138_344_128, 13_416),
        ("vgg19", 143_652_544, 14_696),
    ],
)
def test_vggs_weights_and_biases(name: str, weights: int, biases: int) -> None:
    totals = report_of(name).totals
    assert (totals.weights, totals.biases) == (weights, biases)


@pytest.mark.parametrize(
    ("name", "stages"),
    [  # Simonyan & Zisserman 2014, Table 1: convolutions in the five stages
        ("vgg11", (1, 1, 2, 2, 2)),
        ("vgg11-lrn", (1, 1, 2, 2, 2)),
        ("vgg13", (2, 2, 2, 2, 2)),
        ("vgg16-c", (2, 2, 3, 3, 3)),
        ("vgg16", (2, 2, 3, 3, 3)),
        ("vgg19", (2, 2, 4, 4, 4)),
    ],
)
def test_vggs_names(name: str, stages: tuple[int, ...]) -> None:
    names = [
        row.name for row in report_of(name).rows if row.type not in (*IN_PLACE, "input", "lrn")
    ]
    expected = []
    for stage, convolutions in enumerate(stages, 1):
        expected += [f"conv{stage}_{i}" for i in range(1, convolutions + 1)] + [f"pool{stage}"]
    assert names == [*expected, "fc6", "fc7", "fc8"]


def test_vggs_normalisation_stands_behind_the_first_convolution() -> None:
    names = [row.name for row in report_of("vgg11-lrn").rows]
    assert names[1:4] == ["conv1_1", "relu1", "norm1"]


# -- GoogLeNet ------------------------------------------------------------------------------------


def test_googlenets_table() -> None:
    rows = {row.name: row for row in fold(report_of("googlenet"), 1)}
    found = {
        name: (rows[name].weights, rows[name].biases, round(rows[name].macs / 1e6, 3))
        for name in GOOGLENET
    }
    assert found == {name: row[:3] for name, row in GOOGLENET.items()}


def test_googlenets_table_as_trained() -> None:
    rows = {row.name: row for row in fold(report_of("googlenet-as-trained"), 1)}
    for name, (*_, params, macs) in GOOGLENET.items():
        assert round(rows[name].params / 1024, 3) == params, name
        assert round(rows[name].macs / 1e6, 3) == macs, name


@pytest.mark.parametrize("name", ["googlenet", "googlenet-train"])
def test_googlenets_sizes(name: str) -> None:
    rows = {row.name: row for row in fold(report_of(name), 1)}
    assert {each: as_text(rows[each].output) for each in GOOGLENET_SIZES} == GOOGLENET_SIZES


def test_googlenets_auxiliary_heads() -> None:
    # Szegedy et al. 2014, section 5: on 4a and 4d; 5x5/3 average pool to 4x4, 1x1 to 128, 1024, 1000
    report = report_of("googlenet-train")
    for head, module in (("aux1", "inception_4a"), ("aux2", "inception_4d")):
        inner = [row for row in report.rows if row.name.startswith(f"{head}/")]
        assert inner[0].sources[0].split("/")[0] == module
        assert [
            as_text(row.output) for row in inner if row.type in ("avgpool", "conv", "dense")
        ] == [
            f"4x4x{512 if head == 'aux1' else 528}",
            "4x4x128",
            "1024",
            "1000",
        ]
    # bvlc_googlenet: train_val.prototxt less deploy.prototxt (published, section 6)
    assert report.totals.params - report_of("googlenet").totals.params == 6_379_728
    assert report.totals.macs - report_of("googlenet").totals.macs == 8_372_224


def test_googlenet_as_trained_is_wider_in_4a_and_5a() -> None:
    # published, section 6: 4a outputs 508 channels (3x3 of 204), 5a reduces to 48
    rows = {row.name: row for row in fold(report_of("googlenet-as-trained"), 1)}
    assert as_text(rows["inception_4a"].output) == "14x14x508"
    assert report_of("googlenet-as-trained")["conv1"].weights == 1_176 + 1_536
    assert report_of("googlenet-as-trained")["inception_5a/5x5/reduce"].output.channels == 48


# -- ResNet ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RESNET_SIZES)
def test_resnets_sizes_and_names(name: str) -> None:
    rows = {row.name: row for row in fold(report_of(name), 1)}
    stages = ("conv1", "conv2_x", "conv3_x", "conv4_x", "conv5_x")
    assert tuple(as_text(rows[stage].output) for stage in stages) == RESNET_SIZES[name]
    assert as_text(rows["pool1"].output) == "56x56x64"


@pytest.mark.parametrize("name", RESNET_CONVOLUTIONS)
def test_resnets_convolutions(name: str) -> None:
    convolutions = [row for row in report_of(name).rows if row.type == "conv"]
    assert len(convolutions) == RESNET_CONVOLUTIONS[name]
    assert all(row.biases == 0 for row in convolutions)


@pytest.mark.parametrize("depth", [18, 34])
def test_what_the_projections_of_the_shallow_resnets_cost(depth: int) -> None:
    # published, section 7: 172,032 weights + 1,792 of batch normalisation
    residual, plain = report_of(f"resnet{depth}").totals, report_of(f"plain{depth}").totals
    assert residual.params - plain.params == 173_824


def test_resnets_stride_stands_in_the_first_1x1() -> None:
    # He et al. 2015 (v1): conv3_x begins with a 1x1/2, so its 3x3 works on 28x28
    report = report_of("resnet50")
    first = next(
        row for row in report.rows if row.name.startswith("conv3_x/") and row.type == "conv"
    )
    assert (as_text(first.output), first.weights) == ("28x28x128", 32_768)


@pytest.mark.parametrize("name", ["resnet50", "resnet101", "resnet152"])
def test_resnets_stride_stands_in_the_3x3_of_version_1_5(name: str) -> None:
    # published, section 7: as many parameters; three 1x1 work on four times the positions
    ours, paper = report_of(f"{name}-v1.5"), report_of(name)
    strides = {
        "conv1": ("56x56x128", "28x28x256", "14x14x512"),
        "conv2": ("28x28x128", "14x14x256", "7x7x512"),
    }
    for layer, outputs in strides.items():
        stages = [f"conv{stage}_x/bottleneck1/body/{layer}" for stage in (3, 4, 5)]
        assert tuple(as_text(ours[name].output) for name in stages) == outputs
    assert [row.params for row in ours.rows] == [row.params for row in paper.rows]
    assert ours.totals.macs - paper.totals.macs == 3 * 256 * 128 * (56 * 56 - 28 * 28)


# -- mobile networks, dense blocks, decoders ------------------------------------------------------


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_that_papers_print(name: str) -> None:
    rows = {row.name: row for row in fold(report_of(name), 1)}
    assert {each: as_text(rows[each].output) for each in VOLUMES[name]} == VOLUMES[name]


@pytest.mark.parametrize("width", MOBILENET_WIDTHS)
def test_mobilenet_for_every_width_of_the_paper(width: int) -> None:
    report = shapecalc.summarize("mobilenet-v1", settings={"w": width})
    totals = report.totals
    assert (round(totals.macs / 1e6), round(totals.params / 1e6, 1)) == MOBILENET_WIDTHS[width]
    assert report.graph.expected == {"params": totals.params, "macs": totals.macs}


def test_where_mobilenets_arithmetic_is() -> None:
    # Howard et al. 2017, Table 2: 94.86 % in 1x1, 3.06 % in depthwise, 0.18 % in the dense layer
    report = report_of("mobilenet-v1")
    parts = {"conv": -report["conv1"].macs, "depthwise": 0, "dense": 0}
    for row in report.rows:
        if row.type in parts:
            parts[row.type] += row.macs
    shares = [round(100 * macs / report.totals.macs, 2) for macs in parts.values()]
    assert shares == [94.86, 3.06, 0.18]


def test_squeezenets_table() -> None:
    rows = {row.name: row for row in fold(report_of("squeezenet"), 1)}
    assert {name: rows[name].params for name in SQUEEZENET} == SQUEEZENET


def test_squeezenet_as_released_pads_its_last_convolution() -> None:
    # SqueezeNet_v1.0/deploy.prototxt; the release's page says 1.72 GFLOPS an image
    released = shapecalc.loads("extends: squeezenet.yaml\nchange: {conv10: {pad: 1}}")
    report = shapecalc.summarize(released)
    assert as_text(report["conv10"].output) == "15x15x1000"
    assert round(report.totals.flops / 1e9, 2) == 1.72


def test_squeezenet_1_1_pools_earlier() -> None:
    # the release's page: pools behind 1, 3 and 5 in place of 1, 4 and 8; 64 filters of 3x3
    rows = fold(report_of("squeezenet-1.1"), 1)
    names = [row.name for row in rows if row.type in ("conv", "maxpool", "fire")]
    layers = "conv1 pool1 fire2 fire3 pool2 fire4 fire5 pool3 fire6 fire7 fire8 fire9 conv10"
    assert names == layers.split()
    assert report_of("squeezenet-1.1")["conv1"].parameters[0].shape == (64, 3, 3, 3)


@pytest.mark.parametrize(
    ("name", "settings", "params"),
    [  # torchvision 0.28.0: parameters; the layers in each block are Huang et al. 2016, Table 1's
        ("DenseNet-169", {"n3": 32, "n4": 32}, 14_149_480),
        ("DenseNet-201", {"n3": 48, "n4": 32}, 20_013_928),
    ],
)
def test_deeper_densenets(name: str, settings: dict[str, int], params: int) -> None:
    report = shapecalc.summarize("densenet121", settings=settings)
    assert report.totals.params == params
    layers = [row for row in report.rows if row.type in ("conv", "dense")]
    assert f"DenseNet-{len(layers)}" == name


def test_u_nets_convolutions() -> None:
    # Ronneberger, Fischer, Brox 2015, section 2: "in total the network has 23"
    layers = [row for row in report_of("unet").rows if row.type in ("conv", "transposed")]
    assert len(layers) == 23


@pytest.mark.parametrize("classes", TINY_YOLO)
def test_tiny_yolos_weights_and_flops(classes: int) -> None:
    report = shapecalc.summarize("tiny-yolo-v2", settings={"classes": classes})
    totals = report.totals
    stored = 16 + 4 * (totals.params + totals.buffers)
    assert (stored, round(totals.flops / 1e9, 2)) == TINY_YOLO[classes]
    assert report.graph.expected == {"params": totals.params, "macs": totals.macs}


# -- AlphaGo --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", ALPHAGO_BY_K)
def test_alphago_for_every_width_that_the_paper_tried(k: int) -> None:
    report = shapecalc.summarize("alphago", settings={"k": k})
    totals = report.totals
    assert (totals.params, totals.weights, totals.biases, totals.macs) == ALPHAGO_BY_K[k]
    assert totals.params == 99 * k**2 + 1213 * k + 361  # published, section 8
    assert report["conv13"].biases == 361  # one a position


# -- the slides' examples -------------------------------------------------------------------------


def test_the_padding_example_valid() -> None:
    # published, section 9: windows 1-6 and 6-11 of 13, columns 12 and 13 dropped (counted from 1)
    row = report_of("padding-valid")["conv1"]
    (width,) = row.output.sides
    (field,) = row.field
    windows = [(first + 1, last + 1) for first, last in map(field.sees, range(width))]
    assert windows == [(1, 6), (6, 11)]


def test_the_padding_example_same() -> None:
    # published, section 9: 3 windows, one zero on the left and two on the right of 13
    row = report_of("padding-same")["conv1"]
    (width,) = row.output.sides
    (field,) = row.field
    windows = [(first + 1, last + 1) for first, last in map(field.sees, range(width))]
    assert windows == [(0, 5), (5, 10), (10, 15)]


@pytest.mark.parametrize(
    ("settings", "layers"),
    [
        ({}, "conv relu conv relu pool " * 3 + "fc relu scores softmax"),
        ({"N": 3, "M": 4, "K": 0, "P": 0}, "conv relu conv relu conv relu " * 4 + "scores softmax"),
        ({"N": 0, "M": 0, "K": 0}, "scores softmax"),
        ({"N": 1, "M": 2, "K": 2}, "conv relu pool conv relu pool fc relu fc relu scores softmax"),
    ],
)
def test_the_courses_pattern(settings: dict[str, int], layers: str) -> None:
    # the slide: [(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K-SOFTMAX
    report = shapecalc.summarize("course-pattern", settings=settings)
    assert [row.name.rstrip("0123456789") for row in report.rows[1:]] == layers.split()


@pytest.mark.parametrize("name", NAMES)
def test_names_that_everyone_relies_on(name: str) -> None:
    known = {row.name for row in report_of(name).rows}
    assert set(NAMES[name].split()) <= known


# -- the JSON Schema ------------------------------------------------------------------------------


@cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema())


def tree_of(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "path",
    [*sorted(SPECS.glob("*.yaml")), *sorted(NETWORKS.glob("*.yaml"))],
    ids=lambda path: path.stem,
)
def test_every_spec_satisfies_the_schema(path: Path) -> None:
    problems = [error.message for error in validator().iter_errors(tree_of(path))]
    assert problems == []


@pytest.mark.parametrize(
    "spec",
    [
        {"input": "9x9x3", "layers": [{"conv": {"filters": 4, "kernal": 3}}]},
        {"input": "9x9x3", "layers": [{"conv": {"filters": 4, "kernel": {}}}]},
        {"input": "9x9x3", "layers": [{"conv": {"filters": 4, "kernel": 3, "bias": 3}}]},
        {"input": "9x9x3", "layers": [{"conv": {"filters": 0, "kernel": 3}}]},
        {"input": "9x9x3", "layers": [{"maxpool": {"kernel": 2, "strides": 2}}]},
        {"input": "9x9x3", "layers": [{"repeat": {"times": 3, "layer": ["relu"]}}]},
        {"input": "9x9x3", "layers": [{"repeat": {"times": 3}}]},
        {"input": "9x9x3", "layers": [{"group": {"layers": ["relu"]}}]},
        {"input": "9x9x3", "layers": [{"relu": None, "tanh": None}]},
        {"input": "9x9x3", "layers": [["relu"]]},
        {"input": "9x9x3", "layers": [3]},
        {"input": "9x9x3", "layers": [{"concat": ["relu", "tanh"]}]},
        {"input": "9x9x3", "layers": "relu", "blocks": []},
        {"input": "9x9x3", "layres": ["relu"]},
        {"input": {}, "layers": ["relu"]},
        {"input": "9x9x3", "layers": ["relu"], "blocks": {"b": {"fields": ["n"]}}},
        {"input": "9x9x3", "layers": ["relu"], "expect": {"parms": 3}},
        {"input": "9x9x3", "layers": ["relu"], "shapecalc": 2},
        {"extends": "alexnet.yaml", "change": {"conv1": 3}},
        ["relu"],
    ],
)
def test_the_schema_refuses_what_the_language_refuses(spec: object) -> None:
    assert not validator().is_valid(spec)


@pytest.mark.parametrize(
    "fields", [["n"], {"n": None}, {"n": 3}, ["n", {"m": None}]], ids=["list", "none", "3", "mixed"]
)
def test_the_schema_takes_fields_with_and_without_a_default(fields: object) -> None:
    block = {"fields": fields, "layers": ["relu"]}
    assert validator().is_valid({"input": "9x9x3", "layers": ["relu"], "blocks": {"b": block}})


@pytest.mark.parametrize("word", BUILTIN)
def test_the_schema_refuses_a_misspelt_field_of_every_layer(word: str) -> None:
    fields: dict[str, object] = {"nam": "x"}
    if word in ("concat", "add", "multiply"):
        fields = {"from": 3}
    assert not validator().is_valid({"input": 3, "layers": [{word: fields}]})


def test_the_schema_knows_the_words_of_the_spec() -> None:
    schema = json_schema()
    assert set(BUILTIN) <= set(schema["$defs"]["statement"]["anyOf"][1]["properties"])
