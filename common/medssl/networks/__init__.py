"""Encoders, decoders, heads and how they are put together."""

__all__: list[str] = []
