"""Scalars to minimise."""

__all__: list[str] = []
