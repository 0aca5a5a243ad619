"""Made-up files of exactly the published layout, at any width."""

import pytest
import torch

from medssl.networks import ClassificationHead, ConvDecoder, ConvEncoder, MapHead, MultiTaskNetwork
from medssl.weights import LAYOUTS

WIDTH, HIDDEN, CLASSES = 2, 5, 3


@pytest.fixture
def published():
    """115 random tensors under the published names."""

    def make(width=WIDTH, hidden=HIDDEN, classes=CLASSES):
        free = {"out_tr.final_conv": [1], "clc_out.fc1.weight": [classes, hidden], "clc_out.fc1": [classes]}
        draw = torch.Generator().manual_seed(0)

        def tensor(entry):
            if entry.published.endswith("num_batches_tracked"):
                return torch.tensor(0)
            module = entry.published.rpartition(".")[0]
            sizes = iter(free.get(entry.published, free.get(module, [hidden])))
            return torch.randn([next(sizes) if size is None else size for size in entry.shape], generator=draw)

        return {entry.published: tensor(entry) for entry in LAYOUTS[0].entries(width, 1)}

    return make


@pytest.fixture
def network():
    """The network of such a file: 115 tensors under our names."""
    torch.manual_seed(1)
    encoder = ConvEncoder(3, 1, width=WIDTH, norm="batch")
    return MultiTaskNetwork(
        encoder,
        ConvDecoder(3, encoder.channels, norm="batch"),
        map_heads={"volume": MapHead(3, encoder.channels[0], out_channels=1, activation="sigmoid")},
        vector_heads={
            "pattern": ClassificationHead(encoder.channels[-1], CLASSES, hidden_channels=HIDDEN, norm="batch")
        },
    )


@pytest.fixture
def saved(tmp_path):
    """Save something, and give its path."""

    def save(content, name="weights.pt"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save
