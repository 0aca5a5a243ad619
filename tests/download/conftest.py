"""Bundles as a person gets them: packed, served on this machine, downloaded by MONAI."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from medssl.release import pack_bundle
from tests.bundles.running import PREPARATION
from tests.download.downloading import Download
from tests.download.environments import COMPLETE, environment


class OneProcessABundle(LoadScopeScheduling):
    """All tests of a bundle in one process, because each starts from what the one before left."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.rpartition("[")[2].rstrip("]").split("-")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneProcessABundle:
    """Hand out the tests of this folder when several processes run them."""
    return OneProcessABundle(config, log)


class Quiet(SimpleHTTPRequestHandler):
    """A server that keeps no log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the library's
        del format, args


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which this machine serves it."""
    folder = tmp_path_factory.mktemp("served")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module", params=COMPLETE, ids=lambda folder: folder.name)
def download(request, served, tmp_path_factory) -> Download:
    """Pack a bundle, and let MONAI download it in an environment without this package."""
    folder, address = served
    archive = pack_bundle(request.param, folder, url=address)
    place, python = tmp_path_factory.mktemp("downloaded"), environment(request.param)
    here = Download(place / request.param.name, archive, python)
    words = ("--name", request.param.name, "--url", f"{address}/{archive.name}", "--bundle_dir", str(place))
    here.call("-m", "monai.bundle", "download", *words, where=place)
    return here


@pytest.fixture(scope="module")
def prepared(download) -> Download:
    """Run what must come before the pre-training, if the bundle has that."""
    for name in PREPARATION:
        if (download.folder / f"configs/{name}.json").is_file():
            download.run(f"{name}+demo", where=download.folder, epochs=1, pretrained="scratch")
    return download
