"""What is done to one image, drawn from a seeded state."""

__all__: list[str] = []
