"""One list of cases from a folder of images."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from medssl.data.files import first_file, matched_files, stem
from medssl.data.listings import read_listing
from medssl.data.numbering import class_words, number_classes
from medssl.data.series import dicom_patient
from medssl.data.words import known_words, switch

__all__ = ["find_cases"]

logger = logging.getLogger(__name__)
SPLITS = {"train": ("train", "val"), "test": ("test",), "all": ("train", "val", "test")}
FILES = ("image", "label", "displacement")
WORDS = {"train": "train", "training": "train", "val": "val", "validation": "val", "test": "test"}


def find_cases(
    dataset_dir: str,
    *,
    patterns: Mapping[str, str] | None = None,
    lists: Mapping[str, str] | None = None,
    split: str = "train",
    keep_ids: bool = False,
    spatial_dims: int = 3,
    classes: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """List the images of a folder, with their labels, classes and patients.

    Lists given by name come first, then ``dataset.json`` in the folder, then what the patterns find. Every word may be
    ``none_given``.

    Args:
        dataset_dir: the folder, where paths in lists start; or one image, which is then all there is.
        patterns: ``image`` and ``label``, file patterns as :func:`matched_files` takes them, an image and its label
            being those whose wildcards stand for the same; ``patient``, a regular expression of which the first group
            (or all) of what it finds in a relative path is the patient. Without it a patient is the DICOM PatientID,
            the first sub-folder unless all images share it or a list names them, the file's name, or the folders above
            where file names repeat.
        lists: ``train`` and ``val``, lists as :func:`read_listing` takes them; ``class``, a CSV with the columns
            ``file`` and ``class``.
        split: ``train`` for all cases but those of a test set, ``test`` for these, ``all`` for both.
        keep_ids: whether to keep patients' names; otherwise they become hashes, salted by the names of all cases.
        spatial_dims: 3 for volumes; 2 for pictures (PNG, JPEG, TIFF, DICOM), where each file is an image of its own.
        classes: ``key``, what the list calls the class (``class``); ``names``, the classes in the order of their
            numbers (those that occur, by alphabet); ``others``, what to do with a class of another name: ``error``, or
            ``leave_out`` its case; ``multi_label``, whether an image may have several (False): these come as names in
            a list or between ``|`` ("No Finding" is none), or as 0 and 1 for each name.

    Returns:
        Cases ``{"image", "patient"}`` with absolute paths, and as far as known ``label``, ``class`` (a number, or with
        ``multi_label`` a list of 0 and 1), ``split``, ``fold``, ``boxes``, ``displacement``, ``study``, ``view``;
        ``listed`` for those that a list names.

    Raises:
        ValueError: if there is no folder, no image, a class is unknown, or a word is not understood.
    """
    if spatial_dims not in (2, 3):
        raise ValueError(f"spatial_dims is 2 for pictures or 3 for volumes, got {spatial_dims!r}.")
    if split not in SPLITS:
        raise ValueError(f"split is one of {list(SPLITS)}, got {split!r}; choose one.")
    patterns = known_words(patterns, ("image", "label", "patient"), name="patterns")
    lists = known_words(lists, ("train", "val", "class"), name="lists")
    words = class_words(classes)
    folder = Path(dataset_dir).expanduser().resolve()
    if not folder.exists():
        raise ValueError(f"dataset_dir should be a folder of images, but {folder.name!r} is none; correct the path.")
    entries: list[dict[str, Any]] = [] if folder.is_dir() else [{"image": folder.name}]
    folder = folder if folder.is_dir() else folder.parent
    entries = entries or _listed(folder, lists, class_key=words["key"])
    entries = entries or _matched(folder, patterns, spatial_dims=spatial_dims)
    _add_classes(entries, lists["class"], class_key=words.pop("key"))
    _add_patients(entries, folder, pattern=patterns["patient"])
    if not switch(keep_ids, "keep_ids"):
        _hide_patients(entries)
    chosen = number_classes(entries, **words)
    kept = [_case(entry, folder) for entry in chosen if entry.get("split", "train") in SPLITS[split]]
    if not kept:
        raise ValueError(
            f"{folder.name} has {len(chosen)} cases, none for split {split!r}; list some or choose another."
        )
    logger.info("%d cases of %d patients.", len(kept), len({case["patient"] for case in kept}))
    return kept


def _listed(folder: Path, lists: dict[str, str], *, class_key: str) -> list[dict[str, Any]]:
    entries = []
    for split in ("train", "val"):
        if lists[split] != "none_given":
            listed = read_listing(Path(lists[split]).expanduser(), class_key=class_key)
            entries += [entry | {"split": split} for entry in listed]
    if not entries and (folder / "dataset.json").is_file():
        entries = read_listing(folder / "dataset.json", class_key=class_key)
    return [e | {"listed": True} | ({"split": _split(e["split"])} if "split" in e else {}) for e in entries]


def _split(word: Any) -> str:
    if str(word).strip().lower() not in WORDS:
        raise ValueError(f"The split of a case is one of {list(WORDS)}, got {word!r}; correct the list.")
    return WORDS[str(word).strip().lower()]


def _matched(folder: Path, patterns: dict[str, str], *, spatial_dims: int) -> list[dict[str, Any]]:
    find = partial(matched_files, folder, spatial_dims=spatial_dims)
    images = find(patterns["image"])
    labels = find(patterns["label"]) if patterns["label"] != "none_given" else {}
    images = {parts: name for parts, name in images.items() if name not in labels.values()}
    if not images:
        raise ValueError(
            f"{folder.name} holds no image that fits {patterns['image']!r}; look at dataset_dir, give an image_glob "
            "such as '*_ct.nii.gz', or write a dataset.json."
        )
    found = set(images) & set(labels)
    if labels and not found:
        raise ValueError(
            f"None of {len(labels)} labels belongs to one of {len(images)} images; give image_glob and label_glob "
            "whose wildcards stand for the same text, such as '*_ct.nii.gz' and '*_seg.nii.gz'."
        )
    return [{"image": name} | ({"label": labels[key]} if key in found else {}) for key, name in images.items()]


def _add_classes(entries: list[dict[str, Any]], listing: str, *, class_key: str) -> None:
    if listing == "none_given":
        return
    rows = read_listing(Path(listing).expanduser(), class_key=class_key)
    classes = {first_file(row["image"]): row["class"] for row in rows if "class" in row}
    for entry in entries:
        name = _name(entry)
        found = [classes[known] for known in (name, PurePosixPath(name).name, stem(name)) if known in classes]
        entry.update({"class": found[0]} if found else {})


def _add_patients(entries: list[dict[str, Any]], folder: Path, *, pattern: str) -> None:
    for entry in entries:
        if "patient" in entry:
            entry["patient"] = str(entry["patient"])
        elif pattern != "none_given":
            entry["patient"] = _pattern_patient(_name(entry), pattern)
        else:
            entry["patient"] = dicom_patient(str(folder / _name(entry)))
    for tested in (False, True):  # a name that tells apart the images of both may not tell apart those of one
        group = [entry for entry in entries if (entry.get("split") == "test") == tested]
        for entry, patient in zip(group, _path_patients(group), strict=True):
            entry["patient"] = entry["patient"] or patient


def _path_patients(entries: list[dict[str, Any]]) -> list[str]:
    names = [_name(entry) for entry in entries]
    stems = [stem(name) for name in names]
    parents = [PurePosixPath(name).parent.as_posix() for name in names]
    if len({name.split("/")[0] for name in names}) > 1 and not any(entry.get("listed") for entry in entries):
        return [name.split("/")[0] if "/" in name else own for name, own in zip(names, stems, strict=True)]
    return parents if len(set(stems)) < len(stems) and len(set(parents)) > 1 else stems


def _pattern_patient(name: str, pattern: str) -> str:
    found = re.search(pattern, name)
    if not found:
        raise ValueError(f"patient_pattern {pattern!r} finds nothing in {name!r}; make it fit every image.")
    return found[1] if found.groups() else found[0]


def _hide_patients(entries: list[dict[str, Any]]) -> None:
    salt = "\n".join(sorted(f"{entry['patient']} {_name(entry)}" for entry in entries))
    salted = hashlib.sha256(f"{salt}\n".encode())
    for entry in entries:
        names = {"patient": entry["patient"]}
        if "study" in entry:
            names["study"] = f"{entry['patient']} {entry['study']}"  # other patients may have a study of that name
        entry.update({key: _hidden(name, key, salted=salted.copy()) for key, name in names.items()})


def _hidden(name: str, key: str, *, salted: Any) -> str:
    salted.update(name.encode())
    return f"{key}-{salted.hexdigest()[:10]}"


def _name(entry: dict[str, Any]) -> str:
    image = entry["image"]
    return PurePosixPath(image if isinstance(image, str) else image[0]).as_posix()


def _case(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    return entry | {key: _absolute(folder, entry[key]) for key in FILES if key in entry}


def _absolute(folder: Path, name: str | Sequence[str]) -> str | list[str]:
    return str(folder / name) if isinstance(name, str) else [str(folder / part) for part in name]
