"""What is watched, scheduled, logged, drawn and saved during a run."""

__all__: list[str] = []
