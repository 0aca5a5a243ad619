"""``python -m medssl VERB``: what is done to or beside a bundle."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import fire

from medssl.annotation import start_command, write_app_folder
from medssl.checks import benchmark_bundle, check_bundle, plan_run
from medssl.data import read_json
from medssl.release import pack_bundle, verify_archive
from medssl.samples import write_samples
from medssl.study import report_annotation, report_runs, report_study
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
            "resnet", the residual encoder alone, as torchvision's ResNet; "embedding", anatomical embeddings, as SAM's
            files are; or "encoder", any encoder under our own names, as MONAI's exports want it. The first that fits
            but the last if empty.
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


def check(bundle: str, *configs: str, trust: bool = False, **words: Any) -> None:
    """Look at a run before it starts: its words, its configs, the code that they would run, its device and its files.

    Args:
        bundle: the bundle's folder or name.
        configs: config files in their order, such as pretrain demo; all that run alone if none is named.
        trust: whether to look at device and files although the config would run code of others for that.
        words: what the run would be given, such as --epochs 3.
    """
    found = check_bundle(bundle_folder(bundle), configs, words=words, trust=trust)
    print(found)
    if found.problems:
        raise SystemExit(1)


def plan(bundle: str, dataset_dir: str, *, config: str = "pretrain", **words: Any) -> None:
    """Say what is in a folder of images, what a run on them will need and take here, and which words to set.

    Args:
        bundle: the bundle's folder or name.
        dataset_dir: the images.
        config: pretrain, train or classify.
        words: what the run would be given, such as --batch_size 8.
    """
    try:
        print(plan_run(bundle_folder(bundle), dataset_dir, config=config, words=words))
    except ValueError as error:
        raise SystemExit(str(error)) from error


def pack(bundle: str, output_dir: str, *, layout: str = "zip", changelog: str = "", url: str = "") -> None:
    """Lay a bundle out for others to download, with this package inside; says why if it is not ready for that.

    Args:
        bundle: the bundle's folder or name.
        output_dir: where to.
        layout: "zip" for an archive that MONAI downloads, its sha256 and an entry in model_info.json; "hub" for the
            folder of a model hub.
        changelog: page with a heading for each version; docs/changelog.md of the repository if empty.
        url: address of the folder in which the archive will be found, for model_info.json.
    """
    words = {"layout": layout, "changelog": changelog, "url": url}
    try:
        print(f"wrote {pack_bundle(bundle_folder(bundle), output_dir, **words)}")
    except ValueError as error:
        raise SystemExit(str(error)) from error


def verify(archive: str, *, sha256: str = "") -> None:
    """Compare a downloaded archive with its published sha256 and look through it, without unpacking it.

    Args:
        archive: the zip.
        sha256: the number, or a file that holds it; the file of the same name with .sha256 at the end if empty.
    """
    try:
        facts = verify_archive(archive, sha256=sha256)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    print("as published" if facts.pop("published") else "whole, but nothing published to compare it with")
    print("\n".join(f"{word}: {value}" for word, value in facts.items()))


def study(config: str, *, dataset_dir: str = "", weights: str = "") -> None:
    """Fine-tune from several initialisations and print what came out; start it twice to use two processes.

    Tables and figures are written beside runs.csv.

    Args:
        config: JSON file with "bundle", "inits", "output" and, if wanted, the other words of medssl.study.Study,
            "columns", "baseline", "count" and "notes" of the report, and overrides. In its texts {bundle} stands for
            the bundle's folder, {weights} for that of the weights, {here} for the file's own.
        dataset_dir: folder of the images, instead of the file's.
        weights: folder of the weights; the bundle's models/ if empty.
    """
    bundle = str(bundle_folder(read_json(config)["bundle"]))
    print(report_study(config, bundle=bundle, dataset_dir=dataset_dir, weights=weights).text())


def report(
    *files: str,
    columns: str | list[str] = "",
    baseline: str = "",
    count: str = "images",
    form: str = "text",
    output_dir: str = "",
) -> None:
    """Print tables and tests of the rows of a study; several files are joined.

    Args:
        files: CSVs of runs, such as docs/evidence/alice_atrium.csv.
        columns: scores to show, of which the first is tested; "mean", else the first score, if empty.
        baseline: initialisation that the others are compared with; the first that occurs if empty.
        count: column that says how many labels there were: images or patients.
        form: "text" or "markdown".
        output_dir: where table.txt, comparisons.csv and figures go; nowhere if empty.
    """
    wanted = [columns] if isinstance(columns, str) and columns else columns
    try:
        made = report_runs(files, columns=wanted, baseline=baseline, count=count)
        print(made.text(form))
    except ValueError as error:
        raise SystemExit(str(error)) from error
    if output_dir:
        print("wrote " + ", ".join(str(file) for file in made.write(output_dir)))


def annotate(config: str, *, dataset_dir: str = "", weights: str = "") -> None:
    """Play an annotation through on labelled images, and print how many labels each way of choosing them needs.

    Table and figures are written beside annotation.csv. Start it twice to use two processes.

    Args:
        config: JSON file as for the verb study, with "annotation": words of medssl.study.Annotation, and "targets":
            scores to reach.
        dataset_dir: folder of the images, instead of the file's.
        weights: folder of the weights; the bundle's models/ if empty.
    """
    bundle = str(bundle_folder(read_json(config)["bundle"]))
    print(report_annotation(config, bundle=bundle, dataset_dir=dataset_dir, weights=weights).text())


def label(directory: str, bundles: str | list[str], *, studies: str = "IMAGES") -> None:
    """Make a folder that MONAI Label starts from: bundles, and strategies that choose the next image by their encoder.

    Args:
        directory: where to; a folder made so before gets what it lacks, and keeps what was trained in it.
        bundles: one or several: folders, names inside the repository, or archives.
        studies: folder of the images to label, for the command that is printed.
    """
    chosen = [bundles] if isinstance(bundles, str) else bundles
    try:
        for archive in (bundle for bundle in chosen if bundle.endswith(".zip")):
            verify_archive(archive)
        places = [bundle if bundle.endswith(".zip") else bundle_folder(bundle) for bundle in chosen]
        print(start_command(directory, write_app_folder(directory, places), studies=studies))
    except ValueError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    verbs = (annotate, benchmark, check, convert, export, label, pack, plan, report, samples, study, verify)
    fire.Fire({verb.__name__: verb for verb in verbs})
