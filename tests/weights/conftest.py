"""Made-up files of exactly the published layout, at any width."""

import pytest
import torch

from medssl.networks import ClassificationHead, ConvDecoder, ConvEncoder, MapHead, MultiTaskNetwork
from medssl.weights import LAYOUTS
from medssl.weights.residual import RESIDUAL_UNET

WIDTH, HIDDEN, CLASSES = 2, 5, 3


@pytest.fixture
def published():
    """115 random tensors under the published names."""

    def make(width=WIDTH, hidden=HIDDEN, classes=CLASSES):
        free = {"out_tr.final_conv": [1], "clc_out.fc1.weight": [classes, hidden], "clc_out.fc1": [classes]}
        first = {LAYOUTS[0].first: torch.empty(width, 1, 3, 3, 3)}
        draw = torch.Generator().manual_seed(0)

        def tensor(entry):
            if entry.published.endswith("num_batches_tracked"):
                return torch.tensor(0)
            module = entry.published.rpartition(".")[0]
            sizes = iter(free.get(entry.published, free.get(module, [hidden])))
            return torch.randn([next(sizes) if size is None else size for size in entry.shape], generator=draw)

        return {entry.published: tensor(entry) for entry in LAYOUTS[0].entries(first)}

    return make


def random_tensor(entry, draw):
    if not entry.shape:
        return torch.tensor(0)
    return torch.rand([1 if size is None else size for size in entry.shape], generator=draw)


@pytest.fixture
def unet():
    """Random tensors under the published names of a U-Net with a residual encoder, of any width and depth."""

    def make(*, depths=(1, 1, 1, 1), bottleneck=False, width=2, channels=3, decoder=(6, 5, 4, 3, 2)):
        last = "conv3" if bottleneck else "conv2"
        known = {"encoder.conv1.weight": torch.empty(width, channels, 7, 7)}
        known |= {f"encoder.layer{s}.{n - 1}.{last}.weight": torch.empty(0) for s, n in enumerate(depths, start=1)}
        known |= {f"decoder.blocks.{step}.conv2.0.weight": torch.empty(n) for step, n in enumerate(decoder)}
        draw = torch.Generator().manual_seed(0)
        return {entry.published: random_tensor(entry, draw) for entry in RESIDUAL_UNET.entries(known)}

    return make


@pytest.fixture
def resnet(unet):
    """Random tensors under the names that a residual network has without its last layer."""

    def make(**words):
        state = unet(**words)
        return {key.removeprefix("encoder."): value for key, value in state.items() if key.startswith("encoder.")}

    return make


@pytest.fixture
def contrasted():
    """What a momentum-contrast trainer saves of a network: itself with a head, its follower, and the queue."""

    def make(state, inner=""):
        features = 8 * next(iter(state.values())).shape[0]
        head = {"fc.0.weight": torch.rand(5, features), "fc.0.bias": torch.rand(5)}
        head |= {"fc.2.weight": torch.rand(3, 5), "fc.2.bias": torch.rand(3)}
        query = {inner + key: value for key, value in state.items()} | head
        followed = {f"encoder_k.{key}": value + 1 for key, value in query.items()}
        queue = {"queue": torch.rand(3, 8), "queue_ptr": torch.zeros(1, dtype=torch.long)}
        return {**queue, **{f"encoder_q.{key}": value for key, value in query.items()}, **followed}

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
