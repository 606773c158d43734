"""Darknet's networks as .cfg, written anew from what is known of their layers."""

from __future__ import annotations


def net(width: int, height: int, channels: int = 3) -> str:
    return f"[net]\nbatch=1\nwidth={width}\nheight={height}\nchannels={channels}\n"


def section(kind: str, **options: object) -> str:
    return f"\n[{kind}]\n" + "".join(f"{key}={value}\n" for key, value in options.items())


def conv(filters: int, size: int, stride: int = 1, activation: str = "leaky") -> str:
    return section(
        "convolutional",
        batch_normalize=1,
        filters=filters,
        size=size,
        stride=stride,
        pad=1,
        activation=activation,
    )


def last(filters: int) -> str:
    return section("convolutional", size=1, stride=1, pad=1, filters=filters, activation="linear")


def maxpool(size: int = 2, stride: int = 2) -> str:
    return section("maxpool", size=size, stride=stride)


def route(*layers: int, **more: int) -> str:
    return section("route", layers=",".join(map(str, layers)), **more)


YOLO = section("yolo", mask="0,1,2", classes=80, num=9)


def yolo_v2_tiny() -> str:
    """Tiny YOLO, version 2, for VOC."""
    text = net(416, 416)
    for filters in (16, 32, 64, 128, 256):
        text += conv(filters, 3) + maxpool()
    text += conv(512, 3) + maxpool(2, 1) + conv(1024, 3) + conv(1024, 3)
    return text + last(125) + section("region", classes=20, num=5)


def darknet19(size: int) -> str:
    text = net(size, size) + conv(32, 3) + maxpool() + conv(64, 3) + maxpool()
    for filters in (128, 256):
        text += conv(filters, 3) + conv(filters // 2, 1) + conv(filters, 3) + maxpool()
    text += (conv(512, 3) + conv(256, 1)) * 2 + conv(512, 3) + maxpool()
    return text + (conv(1024, 3) + conv(512, 1)) * 2 + conv(1024, 3)


def yolo_v2() -> str:
    """YOLO, version 2, for COCO."""
    text = darknet19(608) + conv(1024, 3) * 2 + route(-9) + conv(64, 1)
    text += section("reorg", stride=2) + route(-1, -4) + conv(1024, 3)
    return text + last(425) + section("region", classes=80, num=5)


def yolo_v3_tiny() -> str:
    text = net(416, 416)
    for filters in (16, 32, 64, 128, 256):
        text += conv(filters, 3) + maxpool()
    text += conv(512, 3) + maxpool(2, 1) + conv(1024, 3)
    text += conv(256, 1) + conv(512, 3) + last(255) + YOLO
    text += route(-4) + conv(128, 1) + section("upsample", stride=2) + route(-1, 8)
    return text + conv(256, 3) + last(255) + YOLO


def yolo_v3() -> str:
    text = net(416, 416) + conv(32, 3)
    for filters, count in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        unit = conv(filters // 2, 1) + conv(filters, 3)
        text += conv(filters, 3, 2) + (unit + section("shortcut", **{"from": -3})) * count
    for filters, back in ((512, 0), (256, 61), (128, 36)):
        if back:
            text += route(-4) + conv(filters, 1) + section("upsample", stride=2) + route(-1, back)
        text += (conv(filters, 1) + conv(2 * filters, 3)) * 3 + last(255) + YOLO
    return text


def yolo_v4_tiny() -> str:
    """The tiny one of version 4, which cuts channels with route groups."""
    text = net(416, 416) + conv(32, 3, 2) + conv(64, 3, 2)
    for filters in (64, 128, 256):
        text += conv(filters, 3) + route(-1, groups=2, group_id=1)
        text += conv(filters // 2, 3) + conv(filters // 2, 3) + route(-1, -2)
        text += conv(filters, 1) + route(-6, -1) + maxpool()
    text += conv(512, 3) + conv(256, 1) + conv(512, 3) + last(255) + YOLO
    text += route(-4) + conv(128, 1) + section("upsample", stride=2) + route(-1, 23)
    return text + conv(256, 3) + last(255) + YOLO
