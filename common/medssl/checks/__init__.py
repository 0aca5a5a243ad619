"""What is looked at before and beside a run: settings, speed."""

__all__: list[str] = []
