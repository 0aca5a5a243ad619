"""Networks of the 2D method filled by the rule of its golden numbers, under the published names."""

import re
import zlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from medssl.networks import MapHead, MultiTaskNetwork, ProjectionHead, ResidualEncoder, UpsamplingDecoder

RULES = (  # our name, published name
    (r"^decoder\.(blocks\.\d)\.convs\.conv_0\.conv", r"decoder.\1.conv1.0"),
    (r"^decoder\.(blocks\.\d)\.convs\.conv_1\.conv", r"decoder.\1.conv2.0"),
    (r"^decoder\.(blocks\.\d)\.convs\.conv_0\.adn\.N", r"decoder.\1.conv1.1"),
    (r"^decoder\.(blocks\.\d)\.convs\.conv_1\.adn\.N", r"decoder.\1.conv2.1"),
    (r"^volume\.conv", "segmentation_head.0"),
    (r"^embedding\.layers", "fc"),
    (r"^category\.linear", "fc"),
    (r"^initial_conv\.conv", "model.0"),
    (r"^0\.conv", "model.2"),
    (r"^1\.conv", "model.5"),
    (r"^2\.conv", "model.8"),
    (r"^final_conv\.conv", "model.11"),
)
SKIPS = (1024, 512, 256, 64)


def published(key: str) -> str:
    """Name that a tensor of ours has in the published files."""
    for ours, theirs in RULES:
        key = re.sub(ours, theirs, key)
    return key


def value(key: str, shape: tuple[int, ...], *, norm: bool) -> np.ndarray:
    """Value of a tensor by its published name."""
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    if key.endswith("num_batches_tracked"):
        return np.zeros((), np.int64)
    if norm:
        return (1 + 0.1 * np.abs(generator.normal(0, 1, shape))).astype(np.float32)
    return generator.normal(0, 0.05, shape).astype(np.float32)


def filled_state(state: Mapping[str, Tensor], rename=published) -> dict[str, Tensor]:
    """Every tensor by the rule; the first convolutions of the decoder turned to our order of channels."""
    result = {}
    for key, tensor in state.items():
        norm = key.endswith("running_var") or ("weight" in key and key.replace(".weight", ".running_var") in state)
        made = torch.from_numpy(value(rename(key), tuple(tensor.shape), norm=norm))
        found = re.search(r"decoder\.blocks\.([0-3])\.convs\.conv_0\.conv\.weight", key)
        if found:
            upsampled = tensor.shape[1] - SKIPS[int(found[1])]
            made = torch.cat([made[:, upsampled:], made[:, :upsampled]], dim=1)
        result[key] = made
    return result


def fill(network: torch.nn.Module, rename=published) -> torch.nn.Module:
    """Fill a network in place."""
    network.load_state_dict(filled_state(network.state_dict(), rename))
    return network


def published_network() -> MultiTaskNetwork:
    """Build the network of the publication, filled."""
    encoder = ResidualEncoder(2, 3, backbone="resnet50")
    decoder = UpsamplingDecoder(2, encoder.channels, decoder_channels=(256, 128, 64, 32, 16))
    head = MapHead(2, 16, out_channels=1, activation="sigmoid", kernel_size=3)
    heads = {"map_heads": {"volume": head}, "vector_heads": {"embedding": ProjectionHead(2048, widths=(2048, 128))}}
    return fill(MultiTaskNetwork(encoder, decoder, **heads))
