"""One vector an image from a bundle's encoder, each computed once."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medssl.data import content_hash, fingerprint, replacing
from medssl.weights import open_config

__all__ = ["ImageFeatures"]

logger = logging.getLogger(__name__)


class ImageFeatures:
    """Frozen vectors of images, by a bundle's ``features.json``: its network, preprocessing and inferer.

    A vector is kept in a file that is named after what the image consists of, so that a growing folder costs only its
    new images, and a copy of an image nothing.

    Args:
        bundle: the bundle's folder.
        cache: folder for the vectors; other weights, or another config, have a sub-folder of their own.
        words: of the config, such as ``pretrained``: the encoder's weights, or "scratch" for an untrained one.

    Shape:
        Called with N images it gives ``(N, E)``, float32.

    Raises:
        ValueError: if the bundle has no ``configs/features.json``, the weights are not there, or there is no image.
    """

    def __init__(
        self, bundle: str | os.PathLike, *, cache: str | os.PathLike, words: Mapping[str, Any] | None = None
    ) -> None:
        self.parser = open_config(bundle, "features", words=words)
        weights = str(self.parser.get_parsed_content("pretrained"))
        if weights != "scratch" and not Path(weights).is_file():
            raise ValueError(f"needs the encoder's weights, there are none at {weights}; give the word 'pretrained'.")
        known = weights if weights == "scratch" else content_hash(weights)
        settings = {**self.parser.config, "bundle_root": "", "pretrained": known}
        self.folder = Path(cache) / hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        self.digests: dict[str, str] = {}

    def __call__(self, images: Sequence[str]) -> np.ndarray:
        """The vectors, in the order of the images."""
        if not images:
            raise ValueError("needs an image, got none; add images to the folder.")
        files = [self.folder / f"{self.digest(image)}.npy" for image in images]
        new = [(image, file) for image, file in zip(images, files, strict=True) if not file.is_file()]
        if new:
            logger.info("encoding %d of %d images.", len(new), len(images))
        for image, file in new:
            with replacing(file) as draft:
                np.save(draft, self.encode(image))
        return np.stack([np.load(file) for file in files])

    def digest(self, image: str) -> str:
        """What an image consists of; its bytes are read again only if its time or size has changed."""
        seen = fingerprint(image)
        if seen not in self.digests:
            self.digests[seen] = content_hash(image)
        return self.digests[seen]

    @torch.no_grad()
    def encode(self, image: str) -> np.ndarray:
        """One image's vector, ``(E,)``."""
        network, preprocessing, inferer = self.parts
        device = next(network.parameters()).device
        batch = torch.as_tensor(preprocessing({"image": image})["image"])[None].to(device)
        return inferer(batch, network)[0].numpy(force=True)

    @cached_property
    def parts(self) -> tuple[Any, Any, Any]:
        """Network, preprocessing and inferer; an untrained network is always the same."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = self.parser.get_parsed_content("network").eval()
        return network, self.parser.get_parsed_content("preprocessing"), self.parser.get_parsed_content("inferer")
