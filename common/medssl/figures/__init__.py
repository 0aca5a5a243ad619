"""Every picture: arrays in, PNG out."""

__all__: list[str] = []
