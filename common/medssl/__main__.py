"""``python -m medssl VERB``: what is done to or beside a bundle."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import fire

from medssl.checks import benchmark_bundle
from medssl.samples import write_samples
from medssl.study import run_study, study_of, study_table
from medssl.weights import convert_checkpoint, export_checkpoint

BUNDLES = Path(__file__).resolve().parents[2] / "bundles"


def bundle_folder(bundle: str) -> Path:
    """Folder of a bundle, given as a folder or as its name inside the repository."""
    for folder in (Path(bundle), BUNDLES / bundle):
        if (folder / "configs" / "metadata.json").is_file():
            return folder
    raise SystemExit(f"no bundle at {bundle!r}: need a folder with configs/metadata.json, or one of {known_bundles()}.")


def known_bundles() -> list[str]:
    """Names of the repository's bundles."""
    return sorted(path.parents[1].name for path in BUNDLES.glob("*/configs/metadata.json"))


def samples(directory: str, patients: int = 8) -> None:
    """Write the embedded CT, virtual patients made from it and a DICOM series to a folder.

    Args:
        directory: where to; made if it is not there.
        patients: patients in all, the real one and the virtual ones.
    """
    print(f"wrote {write_samples(directory, patients=patients)}")


def convert(file: str, to: str, *, output: str = "", parts: str = "encoder_decoder", take: str = "") -> None:
    """Turn a published checkpoint into weights of a bundle.

    Args:
        file: the checkpoint, as the authors of Semantic Genesis, Models Genesis, TransVW, DiRA, Alice or SAM (the
            anatomical embedding) wrote it, or a ResNet with torchvision's names.
        to: the bundle's folder or name.
        output: file to write; one of the same name in the models/ of the bundle if empty.
        parts: "encoder_decoder" or "encoder": what must be complete.
        take: which network of a file that holds several: "student" or "teacher"; the student if empty.
    """
    print(f"wrote {convert_checkpoint(file, to=str(bundle_folder(to)), output=output, parts=parts, take=take)}")


def export(file: str, output: str, *, form: str = "", in_channels: int = 0) -> None:
    """Write weights of a bundle under published names, for programs that expect those.

    Args:
        file: the weights, such as models/pretrained.pt.
        output: file to write.
        form: "unet", as the authors' files are and, for a residual encoder, Unet of segmentation_models_pytorch;
            "resnet", the residual encoder alone, as torchvision's ResNet; or "embedding", anatomical embeddings, as
            SAM's files are. The first that fits if empty.
        in_channels: of the network that will read it; 0 for those of the weights. torchvision's has 3.
    """
    print(f"wrote {export_checkpoint(file, output, form=form, in_channels=in_channels)}")


def benchmark(bundle: str, seconds: float = 2.0) -> None:
    """Measure reading, augmenting and the training step of a bundle, and name the slowest.

    Args:
        bundle: the bundle's folder or name.
        seconds: time given to each measurement.
    """
    print(benchmark_bundle(bundle_folder(bundle), seconds=seconds))


def study(config: str, *, dataset_dir: str = "", weights: str = "") -> None:
    """Fine-tune from several initialisations and print what came out; start it twice to use two processes.

    Args:
        config: JSON file with "bundle", "inits", "output" and, if wanted, the other words of medssl.study.Study,
            "columns" and "notes" of the table, and overrides. In its texts {bundle} stands for the bundle's folder,
            {weights} for that of the weights, {here} for the file's own.
        dataset_dir: folder of the images, instead of the file's.
        weights: folder of the weights; the bundle's models/ if empty.
    """
    words = json.loads(Path(config).read_text())
    columns, notes = words.pop("columns", ["mean"]), words.pop("notes", [])
    words["bundle"] = str(bundle_folder(words["bundle"]))
    places = {"bundle": words["bundle"], "weights": weights or Path(words["bundle"]) / "models"}
    if dataset_dir:
        words.setdefault("words", {})["dataset_dir"] = dataset_dir
    rows = run_study(study_of(words, {**places, "here": Path(config).parent}))
    print("\n".join([study_table(rows, columns), *notes]))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    fire.Fire({"benchmark": benchmark, "convert": convert, "export": export, "samples": samples, "study": study})
