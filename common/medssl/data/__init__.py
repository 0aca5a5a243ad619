"""Data lists, patient splits, discovered patterns, crop store, keyed random draws."""

__all__: list[str] = []
