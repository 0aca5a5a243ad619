"""Bundles to run."""

import pytest

from tests.bundles.reading import FOLDERS
from tests.bundles.running import copied


@pytest.fixture(scope="session", params=FOLDERS, ids=lambda folder: folder.name)
def bundle(request, tmp_path_factory):
    """Give a copy of each bundle, prepared for pre-training."""
    return copied(request.param, tmp_path_factory.mktemp("bundles"))
