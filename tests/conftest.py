"""What every test may ask for: golden numbers and shared images, where they are present."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared():
    """Give the path of a shared file or folder, or skip (fail under MEDSSL_REQUIRE_SHARED=1)."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            message = f"{path} is absent: golden numbers and real images are not part of the repository"
            (pytest.fail if os.environ.get("MEDSSL_REQUIRE_SHARED") == "1" else pytest.skip)(message)
        return path

    return find


@pytest.fixture(scope="session")
def golden(shared):
    """Give the arrays of one golden file."""
    return lambda name: np.load(shared(f"golden/{name}"))
