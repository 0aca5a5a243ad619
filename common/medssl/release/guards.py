"""What keeps a bundle from being released; each guard says what is needed, what came and what to do."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser

from medssl import __version__
from medssl.release.contents import GUARD, bundle_files
from medssl.weights import verify_weights

__all__ = ["missing_files", "require_packable"]

CONFIGS = (
    "pretrain", "train", "classify", "evaluate", "evaluate_classify", "inference", "features", "multi_gpu_pretrain",
    "multi_gpu_train", "demo", "paper", "metadata",
)  # fmt: skip
OTHERS = ("configs/logging.conf", "docs/README.md", "docs/data_license.txt", "LICENSE")
WEIGHTS = ("pretrained", "model")
STATED = ("version", "changelog", "medssl_version", "monai_version", "pytorch_version", "numpy_version")
BUILT = ("inference", "features", "train")  # what builds a network and fills it with the shipped weights
MB = 1e6
MAX_WEIGHTS, MAX_OTHER = 25 * MB, 5 * MB
ABSOLUTE = re.compile(r"(/|~|[A-Za-z]:[\\/]|\\\\).*", flags=re.DOTALL)
SOMEBODYS = re.compile(r"(?:^|[^\w.])((?:/(?:home|Users|root|work|tmp|mnt)/|[A-Z]:\\)\S*)")
TEXTS = {".json", ".conf", ".md", ".txt"}


def missing_files(folder: str | os.PathLike) -> Iterator[str]:
    """Name the files that a bundle must have and this one has not, weights left aside."""
    for name in (*(f"configs/{config}.json" for config in CONFIGS), *OTHERS):
        if not (Path(folder) / name).is_file():
            yield f"{name} is missing"


def require_packable(folder: str | os.PathLike, *, changelog: str | os.PathLike = "") -> None:
    """Make sure that a bundle may be released.

    Args:
        folder: the bundle's.
        changelog: page that has a heading for each version of the package; ``docs/changelog.md`` of the repository
            that the bundle is in if empty.

    Raises:
        ValueError: if files are missing, cannot be read, are too large or hold paths of one machine; if a version is
            not in its changelog; if weights are not those of their page, or do not fit the networks of the configs.
    """
    folder = Path(folder).resolve()
    page = Path(changelog) if str(changelog) else folder.parents[1] / "docs" / "changelog.md"
    stages: list[list[Callable[[Path], Iterable[str]]]] = [
        [missing_files, _missing_weights, _unreadable],
        [_unstated],
        [partial(_versions, changelog=page), _paths, _dead_links, _sizes, _pages, _unguarded],
        [_misfits],
    ]
    for guards in stages:  # the later ones need what the earlier ones look at
        wrong = [reason for guard in guards for reason in guard(folder)]
        if wrong:
            raise ValueError(f"{folder.name} cannot be packed yet:\n" + "\n".join(f"- {reason}" for reason in wrong))


def _missing_weights(folder: Path) -> Iterator[str]:
    for name in WEIGHTS:
        if not (folder / "models" / f"{name}.pt").is_file():
            yield f"models/{name}.pt is missing; train it with --models_dir models"


def _configs(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("configs/*.json"))


def _unreadable(folder: Path) -> Iterator[str]:
    for path in (*_configs(folder), *sorted(folder.glob("models/*.json"))):
        try:
            content = json.loads(path.read_text())
        except ValueError as error:
            yield f"{path.parent.name}/{path.name} is no JSON: {error}"
            continue
        if not isinstance(content, dict):
            yield f"{path.parent.name}/{path.name} needs words and values, got a {type(content).__name__}"


def _metadata(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "configs/metadata.json").read_text())


def _unstated(folder: Path) -> Iterator[str]:
    metadata = _metadata(folder)
    for word in (*STATED, "required_packages_version"):
        if not metadata.get(word):
            yield f"metadata.json needs the word {word!r}"


def _versions(folder: Path, *, changelog: Path) -> Iterator[str]:
    metadata = _metadata(folder)
    version, made_with = str(metadata["version"]), metadata["medssl_version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"metadata.json needs a version such as 1.2.3, got {version!r}"
    elif version not in metadata["changelog"]:
        yield f"metadata.json needs a line of its changelog on version {version}; say there what is new"
    if made_with != __version__:
        yield f"metadata.json needs medssl_version {__version__}, which is packed, got {made_with!r}; change it"
    if not changelog.is_file():
        yield f"there is no changelog at docs/{changelog.name} of the repository; name yours by --changelog"
        return
    text = changelog.read_text()
    for number in sorted({__version__, version}):
        if not re.search(rf"^#+ .*?\b{re.escape(number)}\b", text, flags=re.MULTILINE):
            yield f"{changelog.name} needs a heading for version {number}; write one, and below it what users notice"


def _texts(config: Any, id_: str = "") -> Iterator[tuple[str, str]]:
    """Texts of a config with their ids."""
    if isinstance(config, str):
        yield id_, config
    elif isinstance(config, dict | list):
        for key, value in config.items() if isinstance(config, dict) else enumerate(config):
            yield from _texts(value, f"{id_}#{key}".lstrip("#"))


def _paths(folder: Path) -> Iterator[str]:
    """Say which configs hold an absolute path, and which pages one of somebody's machine."""
    for path in _configs(folder):
        for id_, text in _texts(json.loads(path.read_text())):
            if ABSOLUTE.fullmatch(text):
                yield f"{path.name}: {id_} is the absolute path {text!r}; begin it with @bundle_root"
    for path in sorted(path for path in folder.glob("*/*") if path.suffix in TEXTS and path.parent.name != "eval"):
        for found in SOMEBODYS.findall(path.read_text()):
            yield f"{path.parent.name}/{path.name} holds {found!r}, a path of one machine; take it out"


def _dead_links(folder: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(((?!https?:|#|mailto:)[^)#\s]+)", (folder / "docs/README.md").read_text()):
        if not (folder / "docs" / link).resolve().is_relative_to(folder) or not (folder / "docs" / link).exists():
            yield f"docs/README.md links to {link}, which is not in the bundle; name the page in words instead"


def _sizes(folder: Path) -> Iterator[str]:
    for name, content in bundle_files(folder).items():
        limit = MAX_WEIGHTS if name.endswith(".pt") else MAX_OTHER
        if len(content) > limit:
            advice = "store half precision, or ship a smaller network" if name.endswith(".pt") else "shrink it"
            yield f"{name} has {len(content) / MB:.1f} MB, at most {limit / MB:.0f} are allowed; {advice}"


def _pages(folder: Path) -> Iterator[str]:
    """Say which weights are not those of their page, and which page is of nothing."""
    models = folder / "models"
    for stem in sorted({path.stem for path in models.iterdir() if path.suffix in {".pt", ".json"}}):
        try:
            verify_weights(models / f"{stem}.pt")
        except ValueError as error:
            yield f"models/{stem}: {error}"


def _unguarded(folder: Path) -> Iterator[str]:
    for path in _configs(folder):
        text = path.read_text()
        if '"network_def"' in text and "run" in json.loads(text) and not GUARD.search(text):
            yield f"{path.name} needs a 'package' (_target_ medssl.weights.require_package, version), as others have it"


def _misfits(folder: Path) -> Iterator[str]:
    """Say which config's network the shipped weights do not fit."""
    for name in BUILT:
        parser = ConfigParser()
        parser.read_config(folder / f"configs/{name}.json")
        parser.update({"bundle_root": str(folder), "device": "$torch.device('cpu')"})
        if "network" not in parser:
            yield f"{name}.json needs a word 'network' that builds the network and loads its weights"
            continue
        try:
            parser.get_parsed_content("network")
        except Exception as error:  # whatever a config's parts raise
            yield f"{name}.json and the weights disagree: {_root(error)}"


def _root(error: BaseException) -> BaseException:
    return _root(error.__cause__) if error.__cause__ else error
