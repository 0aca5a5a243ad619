"""Networks, losses and training steps of DiRA against the numbers of the published program."""

import numpy as np
import pytest
import torch
from ignite.engine import Events
from monai.losses import PatchAdversarialLoss
from monai.networks.nets import resnet50
from torch.nn.functional import mse_loss, normalize

from medssl.engines import AdversarialTrainer, JudgedInferer, PrepareTargets
from medssl.handlers import MomentumUpdate, QueueKeys
from medssl.losses import InfoNCE, WeightedLoss
from medssl.networks import (
    ClassificationNetwork,
    KeyQueue,
    MapDiscriminator,
    MomentumPairing,
    PairedNetwork,
    ResidualEncoder,
    global_average,
)
from tests.golden.filling import fill, published_network


def generator(seed):
    return np.random.Generator(np.random.PCG64(seed))


def drawn(source, *shape):
    return torch.from_numpy(source.random(shape).astype(np.float32))


def assert_close(ours, theirs, tolerance):
    np.testing.assert_allclose(np.asarray(ours.detach()), theirs, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def numbers(golden):
    return golden("dira/network.npz")


@pytest.fixture(scope="module")
def network():
    return published_network().eval()


@pytest.fixture(scope="module")
def features(network):
    with torch.no_grad():
        return network.encoder(drawn(generator(7), 1, 3, 64, 64))


def test_features_and_embedding(numbers, network, features):
    for level, feature in enumerate(features, start=1):
        assert_close(feature.flatten()[:16], numbers[f"net_f{level}_head"], 1e-3)
    assert_close(features[-1], numbers["net_f5"], 1e-3)
    assert_close(global_average(features[-1]), numbers["net_pooled"], 1e-3)
    embedding = network.embedding(features)
    assert_close(embedding, numbers["net_feat"], 5e-3)
    assert_close(normalize(embedding, dim=1), numbers["net_feat_norm"], 1e-5)


def test_restoration_and_discriminator(numbers, network, features):
    with torch.no_grad():
        finest = network.decoder(features)
        assert_close(network.volume.conv(finest), numbers["net_logits"], 5e-3)
        restored = network.volume(finest)
        assert_close(restored, numbers["net_rec"], 5e-4)
        discriminator = fill(MapDiscriminator(2, 1, width=64)).eval()
        assert_close(discriminator(torch.from_numpy(numbers["net_rec"])), numbers["net_disc"], 1e-3)
        assert_close(discriminator(drawn(generator(8), 1, 1, 224, 224)), numbers["disc224_out"], 1e-3)


def test_losses_of_both_sides(numbers, network, features):
    criterion = PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)
    discriminator = fill(MapDiscriminator(2, 1, width=64)).eval()
    real, made = drawn(generator(9), 1, 1, 64, 64), torch.from_numpy(numbers["net_rec_tamed"])
    with torch.no_grad():
        real_logits, made_logits = discriminator(real), discriminator(made)
    assert_close(real_logits, numbers["adv_disc_real"], 1e-3)
    wanted, as_real, as_made = (
        criterion(made_logits, True, False),
        criterion(real_logits, True, True),
        criterion(made_logits, False, True),
    )
    error = mse_loss(made, real)
    ours = torch.stack([wanted, as_real, as_made, (as_real + as_made) / 2, error, 10 * error + 0.001 * wanted])
    np.testing.assert_allclose(ours.numpy(), numbers["adv_losses"], rtol=1e-4)


def test_classifier(numbers):
    classifier = fill(ClassificationNetwork(ResidualEncoder(2, 3, backbone="resnet50"), 14), rename=classifier_name)
    with torch.no_grad():
        assert_close(classifier.eval()(drawn(generator(7), 1, 3, 64, 64)), numbers["cls_logits"], 5e-3)


def classifier_name(key):
    return key.replace("category.linear", "fc")


def test_encoder_has_the_names_and_values_of_the_usual_residual_network(network, features):
    words = {"conv1_t_stride": 2, "shortcut_type": "B", "bias_downsample": False}
    usual = resnet50(pretrained=False, spatial_dims=2, n_input_channels=3, num_classes=14, **words).eval()
    missing = usual.load_state_dict(network.encoder.state_dict(), strict=False)
    assert (missing.missing_keys, missing.unexpected_keys) == (["fc.weight", "fc.bias"], [])
    usual.fc = torch.nn.Identity()
    with torch.no_grad():
        assert torch.equal(usual(drawn(generator(7), 1, 3, 64, 64)), usual.avgpool(features[-1]).flatten(1))


@pytest.mark.parametrize("temperature", [0.2, 0.07])
def test_logits_and_loss(golden, temperature):
    data = golden("dira/losses.npz")
    query, key, queue = (torch.from_numpy(data[f"moco_{name}"]) for name in ("q", "k", "queue_before"))
    loss = InfoNCE(temperature)
    assert_close(loss.logits(query, key, queue=queue), data[f"moco_logits_T{temperature}"], 1e-5)
    assert loss(query, key, queue).item() == pytest.approx(float(data[f"moco_ce_T{temperature}"]), rel=1e-6)


def test_queue(golden):
    data = golden("dira/losses.npz")
    before = torch.from_numpy(data["moco_queue_before"])
    queue = KeyQueue(128, 256)
    queue.keys.copy_(before)
    queue.pointer[0] = int(data["moco_ptr_before_after"][0])
    queue.enqueue(torch.from_numpy(data["moco_k"]))
    assert_close(queue.keys[:, 248:], data["moco_queue_after_cols"], 1e-6)
    assert torch.equal(queue.keys[:, :248], before[:, :248])
    assert int(queue.pointer) == data["moco_ptr_before_after"][1]


def batch(step):
    source = generator(3100 + step)
    views = [drawn(source, 4, 3, 64, 64) for _ in range(2)]
    return {"image": torch.stack(views, dim=1).double(), "volume": drawn(source, 4, 1, 64, 64).double()}


def probe(network, paired, discriminator):
    key, queue = paired.pairing.follower, paired.pairing.queue
    tensors = [
        network.encoder.conv1.weight, network.decoder.blocks[4].convs.conv_1.conv.weight, network.volume.conv.weight,
        network.embedding.layers[2].weight, key.encoder.conv1.weight, key.embedding.layers[2].weight,
        network.encoder.bn1.running_mean, key.encoder.bn1.running_mean,
        discriminator.initial_conv.conv.weight, discriminator.final_conv.conv.weight, queue.keys,
    ]  # fmt: skip
    return [float(tensor.detach().abs().sum()) for tensor in tensors] + [float(queue.pointer)]


def networks_of_the_trace():
    network = published_network().double()
    paired = PairedNetwork(network, MomentumPairing(network, queue_size=16, length=128)).double()
    start = torch.from_numpy(generator(32).normal(0, 1, (128, 16)))
    paired.pairing.queue.keys.copy_((start / start.norm(dim=0)).float().double())
    return network, paired, fill(MapDiscriminator(2, 1, width=64)).double()


@pytest.mark.parametrize("stage", ["dir", "dira"])
def test_four_steps_of_training(golden, stage):
    data = golden("dira/losses.npz")
    network, paired, discriminator = networks_of_the_trace()
    adversarial = PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)
    losses = {"embedding": InfoNCE(0.2), "volume": torch.nn.MSELoss(), "realism": adversarial}
    loss = WeightedLoss(losses, {"embedding": 1, "volume": 10, "realism": 0.001 if stage == "dira" else 0})
    trainer = AdversarialTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[batch(step) for step in range(4)],
        network=paired,
        optimizer=torch.optim.SGD(paired.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-4),
        loss_function=loss,
        inferer=JudgedInferer(discriminator, enabled=stage == "dira"),
        prepare_batch=PrepareTargets(["volume"]),
        discriminator=discriminator,
        discriminator_optimizer=torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999)),
        discriminator_loss=adversarial,
        train_handlers=[
            MomentumUpdate(network, paired.pairing.follower, momentum=0.999),
            QueueKeys(paired.pairing.queue),
        ],
    )
    rows, probes = [], [probe(network, paired, discriminator)]

    def note(engine):
        output, parts = engine.state.output[0], loss.parts
        judged = [parts["realism"], output["judged"]["loss"]] if stage == "dira" else []
        rows.append([float(value.detach()) for value in (parts["embedding"], parts["volume"], *judged, output["loss"])])
        probes.append(probe(network, paired, discriminator))

    trainer.add_event_handler(Events.ITERATION_COMPLETED, note)
    trainer.run()
    np.testing.assert_allclose(rows, data[f"trace_{stage}_losses"], rtol=1e-6)
    np.testing.assert_allclose(probes, data[f"trace_{stage}_probes"], rtol=1e-6)
    np.testing.assert_allclose(paired.pairing.queue.keys, data[f"trace_{stage}_queue_final"], rtol=0, atol=1e-6)
