"""Gradients between backward pass and step."""

import pytest
import torch
from monai.engines import SupervisedTrainer
from torch import nn

from medssl.handlers import ClipGradients, DropGradients


def layer(weight, bias=(0.0,)):
    made = nn.Linear(2, 1)
    made.weight.grad, made.bias.grad = torch.tensor([weight]), torch.tensor(bias)
    return made


def test_each_tensor_is_shortened_by_itself():
    long, short = layer([3.0, 4.0], [8.0]), layer([0.3, 0.4])
    ClipGradients([long, short, nn.Linear(1, 1)], norm=2.5)(None)
    assert long.weight.grad.tolist()[0] == pytest.approx([1.5, 2])
    assert long.bias.grad.tolist() == pytest.approx([2.5])
    assert short.weight.grad.tolist()[0] == pytest.approx([0.3, 0.4])


def test_all_together_keep_their_proportions():
    first, second = layer([3.0, 0.0]), layer([0.0, 4.0])
    ClipGradients([first, second], norm=1.0, per_tensor=False)(None)
    assert first.weight.grad.tolist()[0] == pytest.approx([0.6, 0])
    assert second.weight.grad.tolist()[0] == pytest.approx([0, 0.8])


def test_without_gradients_nothing_happens():
    ClipGradients(network := nn.Linear(1, 1))(None)
    assert network.weight.grad is None


def train(handlers, network, epochs=2):
    """Loss of the sum of outputs, learning rate 1: each step takes the gradient, and half a percent, off."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0, weight_decay=0.005)
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=epochs,
        train_data_loader=[{"image": torch.full((1, 1), 8.0), "label": torch.zeros(1)}],
        network=network,
        optimizer=optimizer,
        loss_function=lambda prediction, _: prediction.sum(),
    )
    for handler in handlers:
        handler.attach(trainer)
    trainer.run()
    return network.weight.item()


def one_weight():
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    return network


def test_a_trainer_steps_by_the_clipped_gradient():
    network = one_weight()
    assert train([ClipGradients(network, norm=0.5)], network, epochs=1) == pytest.approx(1 - 0.005 - 0.5, abs=1e-6)


def test_what_rests_takes_its_first_step_after_its_epochs():
    assert train([DropGradients((rested := one_weight()).parameters())], rested) == pytest.approx(1 - 0.005 - 8)
    assert train([DropGradients((kept := one_weight()).parameters(), epochs=2)], kept) == 1
    assert train([DropGradients((free := one_weight()).parameters(), epochs=0)], free, epochs=1) != 1


def test_senseless_words_are_refused():
    with pytest.raises(ValueError, match="norm above 0, got 0"):
        ClipGradients(nn.Linear(1, 1), norm=0)
    with pytest.raises(TypeError, match="per_tensor"):
        ClipGradients(nn.Linear(1, 1), per_tensor="true")
    with pytest.raises(ValueError, match="needs parameters, got none"):
        DropGradients([])
