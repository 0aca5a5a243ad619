"""Published files of ResNets, and of U-Nets that have one as encoder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from re import match
from typing import NamedTuple

from medssl.weights.layouts import Entry, Layout, State, layer_entries, shape_of

__all__ = ["CONTRASTED_RESNET", "CONTRASTED_UNET", "RESIDUAL_UNET", "RESNET"]

PREFIX = "encoder."
STEM = "conv1.weight"


class Blocks(NamedTuple):
    """What a residual encoder is made of.

    Args:
        stem: shape of the first convolution's weight.
        depths: blocks in each of the four stages.
        expansion: 4 for bottlenecks, which widen what they give by that, 1 for basic blocks.
    """

    stem: tuple[int, ...]
    depths: tuple[int, ...]
    expansion: int

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the five maps, coarsest last."""
        return (self.stem[0], *(self.stem[0] * self.expansion << stage for stage in range(4)))

    def kernel(self, size: int) -> tuple[int, ...]:
        """A kernel of one size along every axis."""
        return (size,) * (len(self.stem) - 2)


def _blocks(state: State, prefix: str) -> Blocks:
    names = [key.removeprefix(PREFIX) for key in state]
    places = [found.groups() for name in names if (found := match(r"layer([1-4])\.(\d+)\.(conv3)?", name))]
    depths = tuple(1 + max((int(block) for at, block, _ in places if at == stage), default=0) for stage in "1234")
    stem = shape_of(state, (prefix + STEM, PREFIX + STEM))
    return Blocks(stem, depths, 4 if any(conv3 for _, _, conv3 in places) else 1)


def _encoder(blocks: Blocks, prefix: str) -> Iterator[Entry]:
    """A ResNet without its linear layer: basic blocks or bottlenecks, of any depth.

    Source:
        He et al., Deep Residual Learning, CVPR 2016; names of torchvision, which MONAI and the published U-Net share.
    """
    convolutions = [("conv1", "bn1", blocks.stem)]
    for stage, (before, after) in enumerate(pairwise((blocks.stem[0], *blocks.channels[1:]))):
        for block in range(blocks.depths[stage]):
            name = f"layer{stage + 1}.{block}"
            convolutions += _block(blocks, name, sizes=(after if block else before, blocks.stem[0] << stage, after))
        if stage or before != after:
            name = f"layer{stage + 1}.0.downsample"
            convolutions.append((f"{name}.0", f"{name}.1", (after, before, *blocks.kernel(1))))
    for convolution, norm, weight in convolutions:
        yield from layer_entries((prefix + convolution, PREFIX + convolution), weight, bias=False)
        yield from layer_entries((prefix + norm, PREFIX + norm), weight[:1])


def _block(blocks: Blocks, name: str, *, sizes: tuple[int, int, int]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    before, inner, after = sizes
    bottleneck = blocks.expansion > 1
    chain = (before, inner, inner, after) if bottleneck else (before, inner, after)
    kernels = (1, 3, 1) if bottleneck else (3, 3)
    for place, (pair, kernel) in enumerate(zip(pairwise(chain), kernels, strict=True), start=1):
        yield f"{name}.conv{place}", f"{name}.bn{place}", (pair[1], pair[0], *blocks.kernel(kernel))


def _decoder(state: State, blocks: Blocks) -> Iterator[Entry]:
    """Five steps up, the first four joined by a map of the encoder, and one restored map.

    Source:
        U-Net of segmentation_models_pytorch, which DiRA (Haghighi et al., CVPR 2022) published its weights for. It
        joins (up-sampled, skip), MONAI (skip, up-sampled).
    """
    before: int | None = blocks.channels[-1]
    for step, skip in enumerate((*blocks.channels[-2::-1], 0)):
        published, ours = f"decoder.blocks.{step}.conv", f"decoder.blocks.{step}.convs.conv_"
        last = state.get(f"{published}2.0.weight", state.get(f"{ours}1.conv.weight"))
        after = None if last is None else last.shape[0]
        for place, joined in enumerate((None if before is None else before + skip, after)):
            names = f"{published}{place + 1}.0", f"{ours}{place}.conv"
            weight = (after, joined, *blocks.kernel(3))
            yield from layer_entries(names, weight, bias=False, skip=0 if place else skip)
            yield from layer_entries((f"{published}{place + 1}.1", f"{ours}{place}.adn.N"), (after,))
        before = after
    yield from layer_entries(("segmentation_head.0", "volume.conv"), (None, before, *blocks.kernel(3)))


def _projection() -> Iterator[Entry]:
    for place in (0, 2):
        yield from layer_entries((f"fc.{place}", f"embedding.layers.{place}"), (None, None))


def _unet(state: State) -> list[Entry]:
    blocks = _blocks(state, PREFIX)
    return [*_encoder(blocks, PREFIX), *_decoder(state, blocks)]


def _contrasted_unet(state: State) -> list[Entry]:
    return [*_unet(state), *_projection()]


def _contrasted_resnet(state: State) -> list[Entry]:
    return [*_encoder(_blocks(state, ""), ""), *_projection()]


def _resnet(state: State) -> list[Entry]:
    return [*_encoder(_blocks(state, ""), ""), *layer_entries(("fc", "category.linear"), (None, None))]


GREY = (
    "made for three equal channels in [0, 1] with nothing subtracted; a network of one channel gets the sum of the "
    "three when it loads them"
)
KEYS = ("encoder_k.", "queue")

CONTRASTED_UNET = Layout(
    name="DiRA checkpoint",
    mark=r"encoder_q\.backbone\.",
    first=PREFIX + STEM,
    entries=_contrasted_unet,
    prefixes=("encoder_q.backbone.", "encoder_q."),
    strangers=KEYS,
    note=GREY,
)
RESIDUAL_UNET = Layout(
    name="DiRA U-Net",
    mark=r"decoder\.blocks\.\d+\.conv\d\.",
    first=PREFIX + STEM,
    entries=_unet,
    form="unet",
    note=GREY,
)
CONTRASTED_RESNET = Layout(
    name="MoCo ResNet",
    mark=r"encoder_q\.|fc\.0\.",
    first=PREFIX + STEM,
    entries=_contrasted_resnet,
    prefixes=("encoder_q.",),
    strangers=KEYS,
    note=GREY,
)
RESNET = Layout(
    name="torchvision ResNet",
    mark=r"layer1\.",
    first=PREFIX + STEM,
    entries=_resnet,
    form="resnet",
    note="nothing in it says how the images were scaled: ImageNet's had mean and deviation taken off, DiRA's had not",
)
