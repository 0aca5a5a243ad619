"""Evaluation with a loss."""

import torch
from torch import nn

from medssl.engines import LossEvaluator, PrepareTargets
from medssl.losses import WeightedLoss
from medssl.metrics import ImageMean


class Same(nn.Module):
    def forward(self, image):
        return {"volume": image}


def test_the_loss_is_averaged_over_images_not_batches():
    batches = [
        {"image": torch.zeros(2, 1, 2), "volume": torch.ones(2, 1, 2)},
        {"image": torch.zeros(1, 1, 2), "volume": 4 * torch.ones(1, 1, 2)},
    ]
    loss = WeightedLoss({"volume": nn.MSELoss()}, {"volume": 0.5})
    evaluator = LossEvaluator(
        loss_function=loss,
        device=torch.device("cpu"),
        val_data_loader=batches,
        network=Same(),
        prepare_batch=PrepareTargets(["volume"]),
        key_val_metric={"val_loss": ImageMean()},
        additional_metrics={"val_volume": ImageMean("volume")},
        decollate=False,
    )
    evaluator.run()
    assert evaluator.state.metrics["val_loss"] == 0.5 * (2 * 1 + 16) / 3
    assert evaluator.state.metrics["val_volume"] == (2 * 1 + 16) / 3
