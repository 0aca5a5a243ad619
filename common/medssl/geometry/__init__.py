"""Affines, boxes and displacement fields: pure functions over arrays and tensors, no MONAI."""

__all__: list[str] = []
