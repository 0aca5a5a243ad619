"""Training against a discriminator."""

import pytest
import torch
from monai.handlers import from_engine
from monai.losses import PatchAdversarialLoss

from medssl.engines import AdversarialTrainer, JudgedInferer, PrepareTargets

REAL = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))


class Maker(torch.nn.Module):
    """Restores by one number."""

    def __init__(self):
        super().__init__()
        self.level = torch.nn.Parameter(torch.tensor(0.25))

    def forward(self, image):
        return {"volume": image * 0 + self.level}


def discriminator():
    made = torch.nn.Conv2d(1, 1, 1)
    torch.nn.init.constant_(made.weight, 2.0)
    torch.nn.init.constant_(made.bias, 0.5)
    return made


def trained(judge, *, enabled=True, criterion="least_squares"):
    maker = Maker()
    loss = PatchAdversarialLoss(criterion=criterion, no_activation_leastsq=True)
    trainer = AdversarialTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": REAL, "volume": REAL}],
        network=maker,
        optimizer=torch.optim.SGD(maker.parameters(), lr=0.1),
        loss_function=lambda answers, targets: loss(*answers["realism"]) if enabled else answers["volume"].mean(),
        inferer=JudgedInferer(judge, enabled=enabled),
        prepare_batch=PrepareTargets(["volume"]),
        discriminator=judge,
        discriminator_optimizer=torch.optim.SGD(judge.parameters(), lr=0.1),
        discriminator_loss=loss,
    )
    trainer.run()
    return maker, trainer.state.output[0]


def test_both_steps_by_hand():
    judge = discriminator()
    maker, output = trained(judge)
    logit, real_logits = 2 * 0.25 + 0.5, 2 * REAL + 0.5
    assert output["loss"].item() == pytest.approx((logit - 1) ** 2)
    assert maker.level.item() == pytest.approx(0.25 - 0.1 * 2 * (logit - 1) * 2)
    errors = real_logits - 1
    expected = 0.5 * (errors.square().mean() + logit**2)
    assert output["judged"]["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert output["judged"]["real"].item() == pytest.approx(real_logits.mean().item(), rel=1e-5)
    assert output["judged"]["fake"].item() == pytest.approx(logit)
    gradient = (errors * REAL).mean() + logit * 0.25
    assert judge.weight.item() == pytest.approx(2 - 0.1 * gradient.item(), rel=1e-5)


def test_means_of_a_vanilla_loss_are_chances():
    _, output = trained(discriminator(), criterion="bce")
    assert output["judged"]["fake"].item() == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item())


def test_trackers_find_the_loss():
    _, output = trained(discriminator())
    assert from_engine(["loss"], first=True)([output]) is output["loss"]


def test_without_a_verdict_the_discriminator_rests():
    judge = discriminator()
    _, output = trained(judge, enabled=False)
    assert "judged" not in output
    assert "realism" not in output["pred"]
    assert judge.weight.item() == 2


def test_gradients_reach_the_maker_through_the_discriminator():
    judge, maker = discriminator(), Maker()
    answers = JudgedInferer(judge)(REAL, maker)
    logits, as_real, for_discriminator = answers["realism"]
    assert (as_real, for_discriminator) == (True, False)
    logits.mean().backward()
    assert maker.level.grad.item() == pytest.approx(2)


def test_a_switch_as_text_is_refused():
    with pytest.raises(TypeError, match="enabled is True or False, got 'false'"):
        JudgedInferer(discriminator(), enabled="false")
