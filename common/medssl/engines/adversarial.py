"""Training against a second network that tells made images from real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.engines import SupervisedTrainer
from monai.inferers import Inferer, SimpleInferer
from monai.utils import CommonKeys
from torch import Tensor, nn
from torch.optim import Optimizer

from medssl.data import switch
from medssl.networks import average_gradients

__all__ = ["AdversarialTrainer", "JudgedInferer"]


class JudgedInferer(Inferer):
    """Show what a network makes to a discriminator, and add its logits to the answers.

    Args:
        discriminator: gives logits for an image.
        task: key of the answer that is shown.
        verdict: key under which the logits are added, with the words of MONAI's ``PatchAdversarialLoss``: the maker
            wants them to be those of real images.
        enabled: False leaves the answers as they are.

    Shape:
        As the network; the logits' shape is the discriminator's.

    Raises:
        TypeError: if ``enabled`` is no truth value.
    """

    def __init__(
        self, discriminator: nn.Module, *, task: str = "volume", verdict: str = "realism", enabled: bool = True
    ) -> None:
        self.discriminator = discriminator
        self.task = task
        self.verdict = verdict
        self.enabled = switch(enabled, "enabled")

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the network, then the discriminator."""
        answers = network(inputs, *args, **kwargs)
        if not self.enabled:
            return answers
        return {**answers, self.verdict: (self.discriminator(answers[self.task]), True, False)}


class AdversarialTrainer(SupervisedTrainer):
    """MONAI's trainer, whose iteration goes on with a step of the discriminator wherever that has been asked.

    The discriminator learns from the images that the first step made, as they were before that step, and the first
    step used it as it was before its own. Without a verdict among the answers (see :class:`JudgedInferer`) this is
    MONAI's trainer. Its output is a list of one dictionary, the whole batch, never decollated. MONAI's own
    ``AdversarialTrainer`` takes the network's input for the real image and knows one answer only.

    Args:
        discriminator: tells real images from made ones; the same in every process, which average its gradients.
        discriminator_optimizer: of its parameters.
        discriminator_loss: takes logits, whether they are of real images, and that it is the discriminator's; MONAI's
            ``PatchAdversarialLoss``.
        discriminator_inferer: how to call it, such as in which precision.
        task: key of the made and of the real image.
        verdict: key of the logits among the answers.
        kwargs: everything that :class:`monai.engines.SupervisedTrainer` takes.

    Source:
        Haghighi et al., DiRA, CVPR 2022, adversarial learning; order of the steps as in the published program.
    """

    def __init__(
        self,
        *,
        discriminator: nn.Module,
        discriminator_optimizer: Optimizer,
        discriminator_loss: Callable[..., Tensor],
        discriminator_inferer: Inferer | None = None,
        task: str = "volume",
        verdict: str = "realism",
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**kwargs, "decollate": False})
        self.discriminator = discriminator
        self.discriminator_optimizer = discriminator_optimizer
        self.discriminator_loss = discriminator_loss
        self.discriminator_inferer = discriminator_inferer or SimpleInferer()
        self.task = task
        self.verdict = verdict

    def _iteration(self, engine: Any, batchdata: dict[str, Tensor]) -> Any:
        self.discriminator.requires_grad_(False)
        output = super()._iteration(engine, batchdata)
        self.discriminator.requires_grad_(True)
        if self.verdict in output[CommonKeys.PRED]:
            made = output[CommonKeys.PRED][self.task].detach()
            output["judged"] = self.judge(output[CommonKeys.LABEL][self.task], made)
        return [output]  # a list, as after decollation, which cannot be done here: trackers ask for one

    def judge(self, real: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Let the discriminator learn from real and made images.

        Args:
            real: images.
            made: as many images, without gradients.

        Returns:
            Mean answers to either, ``real`` and ``fake``, 1 standing for real and 0 for made, and the ``loss``,
            detached.
        """
        self.discriminator.train()
        self.discriminator_optimizer.zero_grad()
        # One pass for both: its instance norm looks at one image at a time.
        logits = self.discriminator_inferer(torch.cat([real, made]), self.discriminator)
        real_logits, made_logits = logits.chunk(2)
        losses = self.discriminator_loss(real_logits, True, True), self.discriminator_loss(made_logits, False, True)
        loss = 0.5 * (losses[0] + losses[1])
        loss.backward()
        average_gradients(self.discriminator)
        self.discriminator_optimizer.step()
        answer = getattr(self.discriminator_loss, "activation", None) or torch.nn.Identity()  # of a vanilla loss
        means = {name: answer(part.detach()).mean() for name, part in (("real", real_logits), ("fake", made_logits))}
        return {**means, "loss": loss.detach()}
