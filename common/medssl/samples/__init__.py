"""The embedded CT and what is derived from it."""

__all__: list[str] = []
