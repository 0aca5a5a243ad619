"""The environment of an annotator: MONAI Label, what bundles need, and not this package."""

from pathlib import Path

from tests.environments import made_environment
from tests.sources import ROOT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings the same under this name
    import tomli as tomllib

PLACE = ROOT / ".venv-label"
# These three demand NumPy 1 or bring a CUDA build of torch, so what they need is listed by us, in the extra `label`.
UNASKED = ("monailabel", "pydicom-seg", "torchvision")


def label_environment() -> Path:
    """Python of the environment, made once."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["label"]]
    steps = (["torch"], needed, ["--no-deps", *UNASKED])  # torch first and alone, as in the Makefile
    return made_environment(PLACE, steps, constraints=ROOT / "constraints-label.txt")
