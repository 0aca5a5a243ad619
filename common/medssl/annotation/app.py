"""Our app for MONAI Label: bundles as the stock bundle app offers them, and strategies that know what encoders see."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.transforms import Activationsd
from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.datastore import Datastore
from monailabel.interfaces.tasks.infer_v2 import InferTask
from monailabel.interfaces.tasks.scoring import ScoringMethod
from monailabel.interfaces.tasks.strategy import Strategy
from monailabel.interfaces.tasks.train import TrainTask
from monailabel.tasks.activelearning.first import First
from monailabel.tasks.activelearning.random import Random
from monailabel.tasks.infer.bundle import BundleInferTask
from monailabel.tasks.scoring.epistemic_v2 import EpistemicScoring
from monailabel.tasks.train.bundle import BundleTrainTask
from monailabel.utils.others.generic import get_bundle_models

from medssl import __version__
from medssl.annotation import strategies
from medssl.annotation.features import ImageFeatures
from medssl.annotation.strategies import Choice
from medssl.annotation.uncertainty import dropout_on

__all__ = ["AnnotationApp", "ContinuedTraining", "EncoderStrategy", "ProbableMasks"]

logger = logging.getLogger(__name__)

SCORE = "epistemic_entropy"  # where MONAI Label's scoring writes
DAY = 24 * 60 * 60
SCORING = {"dropout": 0.2, "simulation_size": 5, "max_samples": 0}
DESCRIPTIONS = {
    "farthest": "The image whose features are farthest from those of all labelled ones",
    "uncertain": "The image of whose mask the model is least sure",
    "farthest_uncertain": "The image that is both far from the labelled ones and uncertain",
}
CHOICES = {name: (DESCRIPTIONS[name], choose) for name, choose in strategies.CHOICES.items()}


class AnnotationApp(MONAILabelApp):
    """MONAI Label's server for bundles, with ``farthest``, ``uncertain`` and ``farthest_uncertain`` beside its own.

    Args:
        app_dir: the app's folder, with bundles in ``model/``.
        studies: folder of images, or address of a DICOM web server.
        conf: what ``--conf`` sets: ``models``, ``zoo_source``, ``skip_trainers``, ``epistemic_model`` and
            ``epistemic_dropout``, ``epistemic_simulation_size``, ``epistemic_max_samples``, as the stock bundle app
            has them; ``encoder``, the bundle whose features choose, the first model if left out.
    """

    def __init__(self, app_dir: str, studies: str, *, conf: Mapping[str, str]) -> None:
        self.bundles: dict[str, str] = get_bundle_models(app_dir, conf)
        super().__init__(
            app_dir=app_dir,
            studies=studies,
            conf=conf,
            name=f"medssl ({__version__})",
            description="Fine-tuning of pre-trained encoders, which also choose the image to label next",
            version=__version__,
        )

    def init_infers(self) -> dict[str, InferTask]:
        """Every bundle that can predict."""
        tasks = {name: BundleInferTask(path, self.conf) for name, path in self.bundles.items()}
        return {name: task for name, task in tasks.items() if task.is_valid()}

    def init_trainers(self) -> dict[str, TrainTask]:
        """Every bundle that can be trained, unless ``skip_trainers`` is set."""
        if self.conf.get("skip_trainers", "false").lower() == "true":
            return {}
        tasks = {name: ContinuedTraining(path, self.conf) for name, path in self.bundles.items()}
        return {name: task for name, task in tasks.items() if task.is_valid()}

    def init_strategies(self) -> dict[str, Strategy]:
        """The stock app's two and our three."""
        name = self.conf.get("encoder") or next(iter(self.bundles), "")
        if name not in self.bundles:
            raise ValueError(f"--conf encoder needs one of the models {list(self.bundles)}, got {name!r}.")
        features = ImageFeatures(self.bundles[name], cache=Path(self.app_dir) / "features" / name)
        ours = {name: EncoderStrategy(*choice, features=features) for name, choice in CHOICES.items()}
        return {"random": Random(), "first": First(), **ours}

    def init_scoring_methods(self) -> dict[str, ScoringMethod]:
        """Epistemic scoring by the bundles of ``epistemic_model``."""
        if not self.conf.get("epistemic_model"):
            return {}
        known = {word: type(value)(self.conf.get(f"epistemic_{word}", value)) for word, value in SCORING.items()}
        dropout = known.pop("dropout")
        names = get_bundle_models(self.app_dir, self.conf, conf_key="epistemic_model")
        tasks = {name: ProbableMasks(path, self.conf, dropout=dropout) for name, path in names.items()}
        return {name: EpistemicScoring(task, **known) for name, task in tasks.items() if task.is_valid()}


class EncoderStrategy(Strategy):
    """Choose the next image by what an encoder makes of all images, and by their epistemic scores.

    An image that was handed out within a day counts as labelled as long as others wait, so that two annotators get two
    images, and who asks again gets another one. Images are taken in the order of their names.

    Args:
        description: what clients show.
        choose: gives an index from features (a function, for they take time), scores and labelled indices.
        features: gives the features of image files.
    """

    def __init__(self, description: str, choose: Choice, *, features: ImageFeatures) -> None:
        super().__init__(description)
        self.choose = choose
        self.features = features

    def __call__(self, request: Mapping[str, Any], datastore: Datastore) -> dict[str, Any] | None:
        """The next image's id and score; None if all images are labelled."""
        images = sorted(datastore.list_images())
        waiting = set(datastore.get_unlabeled_images(request.get("label_tag"), request.get("labels")))
        if not waiting:
            return None
        facts = [datastore.get_image_info(image) for image in images]
        scores = np.array([info.get(SCORE, np.nan) for info in facts], dtype=float)
        out = {image for image, info in zip(images, facts, strict=True) if handed_out(info)}
        free = waiting - out or waiting
        taken = [number for number, image in enumerate(images) if image not in free]
        chosen = self.choose(lambda: self.vectors(images, datastore), scores, taken)
        return {"id": images[chosen], "score": None if np.isnan(scores[chosen]) else float(scores[chosen])}

    def vectors(self, images: Sequence[str], datastore: Datastore) -> np.ndarray:
        """Features of images, by their ids."""
        return self.features([datastore.get_image_uri(image) for image in images])


def handed_out(info: Mapping[str, Any]) -> bool:
    """Whether a strategy gave an image to somebody within a day."""
    return any(time.time() - given.get("ts", 0) < DAY for given in info.get("strategy", {}).values())


class ContinuedTraining(BundleTrainTask):
    """A bundle's training, which forgets the request before: the stock task keeps what an earlier one has set.

    Words that the request leaves out are those of the bundle; ``"pretrained": false`` starts from ``pretrained.pt``.
    """

    def __call__(self, request: Mapping[str, Any], datastore: Datastore) -> dict[str, Any]:
        """Train on all labelled images."""
        self.bundle_config = self._load_bundle_config(self.bundle_path, self.bundle_config_path)
        return super().__call__({**self.bundle_config.get("displayable_configs", {}), **request}, datastore)

    def _load_checkpoint(self, model_pytorch: str, pretrained: bool, *handlers: list[dict[str, Any]]) -> None:
        if pretrained:
            super()._load_checkpoint(model_pytorch, pretrained, *handlers)


class ProbableMasks(BundleInferTask):
    """A bundle's predictions with dropout at work: probabilities of every class on the network's grid, for scoring.

    The stock app scores masks instead, whose label numbers it takes for probabilities, and lets batch statistics of
    single images into the network; with several structures its scores then mean little.

    Args:
        path: the bundle's folder.
        conf: the app's words.
        dropout: chance of zeroing a value, above 0.
    """

    def __init__(self, path: str, conf: Mapping[str, str], *, dropout: float) -> None:
        super().__init__(path, conf, dropout=dropout, skip_writer=True)

    def post_transforms(self, data: dict[str, Any] | None = None) -> list[Callable]:
        """Probabilities instead of a mask."""
        return [Activationsd(keys=self.key_pred, softmax=True)]

    def _get_network(self, device: str, data: dict[str, Any]) -> torch.nn.Module:
        return dropout_on(super()._get_network(device, data))
