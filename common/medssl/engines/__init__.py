"""What happens in one iteration."""

__all__: list[str] = []
