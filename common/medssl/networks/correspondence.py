"""Two embeddings of every place of a volume: a fine one, and a coarse one that knows the surroundings."""

from __future__ import annotations

from collections.abc import Sequence

from monai.networks.layers.factories import Conv
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

__all__ = ["CorrespondenceNetwork"]


class CorrespondenceNetwork(nn.Module):
    """Embed every place of an image twice: finely from all maps but the coarsest, coarsely from the coarsest.

    The weights of the heads, too, are stored with the axes turned round, as :class:`AnisotropicEncoder` stores its own.

    Args:
        encoder: gives maps, coarsest last.
        length: numbers in each embedding.

    Shape:
        Images ``(N, C, *S)`` in; out ``fine``, ``(N, length, *F)`` on the grid of the encoder's finest map, and
        ``coarse``, ``(N, length, *G)`` on that of its coarsest, both float32 and of length 1 over ``length``. Pairs of
        views ``(N, 2, C, *S)`` give pairs of embeddings.

    Raises:
        ValueError: if the images are neither single nor in pairs.

    Source:
        Yan et al., SAM: Self-supervised Learning of Pixel-wise Anatomical Embeddings, TMI 2022: local and global
        head, length 128.
    """

    def __init__(self, encoder: nn.Module, *, length: int = 32) -> None:
        super().__init__()
        self.encoder = encoder
        self.spatial_dims = int(encoder.spatial_dims)  # type: ignore[arg-type]  # every encoder has it
        channels: Sequence[int] = encoder.channels  # type: ignore[assignment]  # every encoder has them
        self.fine = _EmbeddingHead(self.spatial_dims, channels[:-1], length=length)
        self.coarse = _EmbeddingHead(self.spatial_dims, channels[-1:], length=length)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        if image.ndim == 3 + self.spatial_dims:
            pairs = self(image.flatten(0, 1))
            return {key: one.unflatten(0, image.shape[:2]) for key, one in pairs.items()}
        if image.ndim != 2 + self.spatial_dims:
            raise ValueError(
                f"CorrespondenceNetwork needs images (N, C, *S) or views (N, 2, C, *S) with {self.spatial_dims} "
                f"spatial axes, got {tuple(image.shape)}."
            )
        maps = self.encoder(image)
        return {"fine": self.fine(maps[:-1]), "coarse": self.coarse(maps[-1:])}


class _EmbeddingHead(nn.Module):
    """Maps brought to one length, added up from coarse to fine, and smoothed on the finest grid."""

    def __init__(self, spatial_dims: int, channels: Sequence[int], *, length: int) -> None:
        super().__init__()
        convolution = Conv[Conv.CONV, spatial_dims]
        self.turned = (0, 1, *range(1 + spatial_dims, 1, -1))
        self.laterals = nn.ModuleList(convolution(before, length, kernel_size=1) for before in channels)
        self.last = convolution(length, length, kernel_size=3, padding=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        reduced = [
            lateral(one.permute(self.turned)) for lateral, one in zip(self.laterals, maps, strict=True)
        ]  # (N, length, z, y, x)
        top = reduced.pop()
        while reduced:
            finer = reduced.pop()
            top = finer + interpolate(top, size=finer.shape[2:], mode="nearest")
        return normalize(self.last(top).float(), dim=1).permute(self.turned)
