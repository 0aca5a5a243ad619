"""The one dictionary form of all random image transforms."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

import numpy as np
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable

from medssl.transforms.base import RandImage

__all__ = ["RandMap"]


class RandMap(Randomizable, MapTransform):
    """Dictionary form of the random transform that a subclass names as ``array_class``.

    Args:
        keys: entries to transform; if alike, they must be of one shape.
        alike: whether one draw serves all keys; otherwise each entry has its own, in the order of the keys.
        allow_missing_keys: whether absent entries are left out instead of refused.
        words: what ``array_class`` takes.

    Raises:
        ValueError: if the entries differ in shape, since one draw could not serve them all.
    """

    array_class: ClassVar[type[RandImage]]

    def __init__(
        self, keys: KeysCollection, *, alike: bool = True, allow_missing_keys: bool = False, **words: Any
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        self.alike = alike
        self.transform = self.array_class(**words)
        self.own_state = np.random.RandomState(0)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = [word for word in inspect.signature(RandMap).parameters.values() if word.kind != word.VAR_KEYWORD]
        words = inspect.signature(cls.array_class).parameters.values()
        cls.__signature__ = inspect.Signature(  # what help() and config checks read
            [own[0], *(word.replace(kind=word.KEYWORD_ONLY) for word in words), *own[1:]]
        )

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> RandMap:
        if seed is not None:  # the draws of a new state, 40 times as fast as making one
            self.own_state.seed(int(seed) % 2**32)
            seed, state = None, self.own_state
        super().set_random_state(seed, state)
        self.transform.set_random_state(state=self.R)
        return self

    def randomize(self, data: Any = None) -> None:
        self.transform.randomize(data)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        result = dict(data)
        keys = list(self.key_iterator(result))
        if self.alike and len(keys) > 1:
            self._require_one_shape({key: tuple(np.shape(result[key])) for key in keys})
        for key in keys:
            result[key] = self.transform(result[key], randomize=not self.alike or key == keys[0])
        return result

    def _require_one_shape(self, shapes: Mapping[Hashable, tuple[int, ...]]) -> None:
        if len(set(shapes.values())) > 1:
            raise ValueError(f"{type(self).__name__} draws once for all its keys and needs one shape, got {shapes}.")
