"""A MONAI Label server on this machine, and the requests that its clients make."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

SHIM = Path(__file__).parent / "shim"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
QUIET = {
    "PYTHONWARNINGS": "ignore",
    "PYTHONNOUSERSITE": "1",
    "PYTHONPATH": str(SHIM),
    "MONAI_LABEL_AUTO_UPDATE_SCORING": "false",  # it would run beside the tests, from the server's start on
}
PATIENCE = 300  # seconds until a server answers
LONGEST = 900  # seconds for one request, or one program


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the body."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A running server: its address, the folder of its app, that of its images, and its log."""

    address: str
    app: Path
    studies: Path
    log: Path

    def ask(
        self, method: str, path: str, *, body: Any = None, form: Mapping[str, Any] | None = None, **query: Any
    ) -> Answer:
        """Send one request.

        Args:
            method: such as GET.
            path: behind the address.
            body: to be sent as JSON.
            form: to be sent as a form instead; files are given as paths.
            query: behind the question mark.
        """
        kind, content = ("application/json", json.dumps(body).encode()) if form is None else written(form)
        address = f"{self.address}{path}?{urlencode(query)}"
        sent = content if body is not None or form is not None else None
        request = urllib.request.Request(address, sent, {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=LONGEST) as response:
                return Answer(response.status, response.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.read())

    def said(self, text: str = "") -> str:
        """All that the server has logged, after a while if a text is not there yet."""
        last = time.monotonic() + 10
        while text not in self.log.read_text() and time.monotonic() < last:
            time.sleep(0.1)
        return self.log.read_text()


def written(form: Mapping[str, Any]) -> tuple[str, bytes]:
    """A form as it is sent: its kind, and its bytes."""
    mark = uuid4().hex
    parts = []
    for name, value in form.items():
        is_file = isinstance(value, Path)
        head = f'form-data; name="{name}"' + (f'; filename="{value.name}"' if is_file else "")
        content = value.read_bytes() if is_file else json.dumps(value).encode()
        parts.append(f"--{mark}\r\nContent-Disposition: {head}\r\n\r\n".encode() + content + b"\r\n")
    return f"multipart/form-data; boundary={mark}", b"".join([*parts, f"--{mark}--\r\n".encode()])


def run_labelling(python: Path, *words: str, where: Path) -> str:
    """Run Python with MONAI Label in a folder; gives what it says."""
    run = partial(subprocess.run, env=CLEAN | QUIET, cwd=where, text=True, check=False, timeout=LONGEST)
    done = run([str(python), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def serving(python: Path, app: Path, studies: Path, **settings: Any) -> Iterator[Server]:
    """Run a server until the block is left.

    Args:
        python: of the environment with MONAI Label.
        app: folder of the app.
        studies: folder of the images.
        settings: what is given to the app by ``--conf``.
    """
    log = app.parent / f"{studies.name}.log"
    given = {"zoo_source": "local", "sam2": "false", **settings}
    conf = [word for name, value in given.items() for word in ("--conf", name, str(value))]
    port = free_port()
    words = ("start_server", "--app", app, "--studies", studies, "--host", "127.0.0.1", "--port", port, *conf)
    command = [str(python), "-m", "monailabel.main", *map(str, words)]
    with log.open("w") as file:
        process = subprocess.Popen(command, env=CLEAN | QUIET, cwd=app.parent, stdout=file, stderr=subprocess.STDOUT)
        try:
            server = Server(f"http://127.0.0.1:{port}", app, studies, log)
            wait_for(server, process)
            yield server
        finally:
            end(process)


def end(process: subprocess.Popen) -> None:
    """Ask a server to end, and kill it if it does not."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(server: Server, process: subprocess.Popen) -> None:
    """Wait until a server answers; its log says why it does not."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and process.poll() is None:
        try:
            if server.ask("GET", "/info/").status == 200:
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"the server did not come up (exit status {process.poll()}):\n{server.said()}")
