"""Load report, converters, version guard."""

__all__: list[str] = []
