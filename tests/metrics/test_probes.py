"""What frozen features know of classes."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from medssl.metrics import linear_probe, nearest_neighbours, probes
from medssl.metrics.probes import inner_folds, mean_miss

DRAW = torch.Generator().manual_seed(0)
KNOWN, ASKED = torch.randn(30, 4, generator=DRAW), torch.randn(7, 4, generator=DRAW)
CLASSES = one_hot(torch.arange(30) % 3, 3)


def blobs(counts, *, length=4):
    """Points around one axis for each class."""
    classes = torch.cat([torch.full([count], number) for number, count in enumerate(counts)])
    draw = torch.Generator().manual_seed(1)
    return one_hot(classes, length) * 3 + 0.5 * torch.randn(len(classes), length, generator=draw), classes


def naive(known, targets, asked, *, k, temperature):
    rows = []
    for vector in asked:
        cosines = [float(vector @ other / (vector.norm() * other.norm())) for other in known]
        nearest = sorted(range(len(known)), key=lambda number: -cosines[number])[:k]
        weights = [math.exp(cosines[number] / temperature) for number in nearest]
        votes = sum(weight * targets[number] for weight, number in zip(weights, nearest, strict=True))
        rows.append(votes / sum(weights))
    return torch.stack(rows)


def test_neighbours_by_hand():
    known = torch.tensor([[2.0, 0], [0, 5], [0, -1]])
    found = nearest_neighbours(known, torch.eye(2)[[0, 1, 1]], vectors=torch.tensor([[1.0, 0]]), k=2, temperature=1.0)
    assert found[0].tolist() == pytest.approx([math.e / (math.e + 1), 1 / (math.e + 1)])


@pytest.mark.parametrize("k", [1, 5, 99], ids=["nearest", "some", "more-than-there-are"])
def test_neighbours_by_definition(k):
    found = nearest_neighbours(KNOWN, CLASSES, vectors=ASKED, k=k, temperature=0.2)
    assert torch.allclose(found, naive(KNOWN, CLASSES, ASKED, k=k, temperature=0.2), atol=1e-5)


def test_neighbours_know_neither_length_nor_rotation():
    turn, _ = torch.linalg.qr(torch.randn(4, 4, generator=DRAW))
    plain = nearest_neighbours(KNOWN, CLASSES, vectors=ASKED)
    assert torch.allclose(nearest_neighbours(KNOWN @ turn * 7, CLASSES, vectors=ASKED @ turn), plain, atol=1e-5)


def test_neighbours_of_several_findings():
    found = nearest_neighbours(KNOWN[:1], torch.tensor([[1, 1, 0]]), vectors=ASKED)
    assert torch.allclose(found, torch.tensor([[1.0, 1, 0]]).expand(7, -1))


@pytest.mark.parametrize("words", [{"k": 0}, {"temperature": 0}], ids=str)
def test_neighbours_refuse(words):
    with pytest.raises(ValueError, match="k of 1 or more, a temperature above 0"):
        nearest_neighbours(KNOWN, CLASSES, vectors=ASKED, **words)


@pytest.mark.parametrize("counts", [(20, 20), (40, 3), (9, 8, 30)], ids=["even", "rare", "three"])
def test_a_probe_names_what_a_line_divides(counts):
    vectors, classes = blobs(counts)
    probe = linear_probe(vectors, one_hot(classes), groups=torch.arange(len(classes)))
    assert torch.equal(probe(vectors).argmax(dim=1), classes)


def test_a_probe_is_where_its_penalised_loss_is_least():
    vectors, classes = blobs((12, 7))
    vectors = vectors + torch.randn(19, 4, generator=DRAW)
    probe = linear_probe(vectors, one_hot(classes), groups=torch.zeros(19, dtype=torch.long))
    deviation, mean = torch.std_mean(vectors, dim=0, correction=0)
    weight = (probe.weight * deviation).requires_grad_()
    bias = (probe.bias + probe.weight @ mean).requires_grad_()
    loss = torch.nn.functional.cross_entropy((vectors - mean) / deviation @ weight.T + bias, classes)
    (loss + probe.strength / 2 * weight.square().sum()).backward()
    assert probe.strength == 0.1  # one group, so the middle one
    assert max(weight.grad.abs().max(), bias.grad.abs().max()) < 1e-4


def test_two_classes_by_hand():
    vectors, targets = torch.tensor([[-1.0], [1.0]]), torch.eye(2)
    probe = linear_probe(vectors, targets, groups=torch.zeros(2, dtype=torch.long))
    weight = float(probe.weight[1])
    assert float(probe.weight[0]) == pytest.approx(-weight, abs=1e-5)
    # the slope of log(1 + exp(-2 w)) + 0.1 w^2 vanishes
    assert 2 / (1 + math.exp(2 * weight)) == pytest.approx(0.2 * weight, abs=1e-4)
    assert probe.bias.tolist() == pytest.approx([0, 0], abs=1e-5)


def test_of_many_rows_some_choose_the_penalty_and_all_are_fitted(monkeypatch):
    vectors, classes = blobs((60, 40))
    vectors = vectors + 2 * torch.randn(100, 4, generator=DRAW)
    plain = linear_probe(vectors, one_hot(classes), groups=torch.arange(100))
    monkeypatch.setattr(probes, "ENOUGH", 50)
    many = linear_probe(vectors, one_hot(classes), groups=torch.arange(100))
    monkeypatch.setattr(probes, "STRENGTHS", (many.strength,))
    monkeypatch.setattr(probes, "ENOUGH", 100)
    alone = linear_probe(vectors, one_hot(classes), groups=torch.arange(100))
    assert torch.allclose(many.weight, alone.weight, atol=1e-4)
    assert torch.equal(many(vectors).argmax(dim=1), plain(vectors).argmax(dim=1))


def test_scale_and_place_of_features_do_not_matter():
    vectors, classes = blobs((10, 10))
    groups = torch.arange(20)
    scale, shift = torch.tensor([1e-3, 1.0, 50, 7]), torch.tensor([5.0, -3, 0, 100])
    plain = linear_probe(vectors, one_hot(classes), groups=groups)(vectors)
    moved = linear_probe(vectors * scale + shift, one_hot(classes), groups=groups)
    assert torch.allclose(moved(vectors * scale + shift), plain, atol=1e-3)


def test_a_feature_that_does_not_vary_counts_nothing():
    vectors, classes = blobs((10, 10))
    vectors[:, 3] = 1.5
    probe = linear_probe(vectors, one_hot(classes), groups=torch.arange(20))
    assert (probe.weight[:, 3] == 0).all()
    assert torch.isfinite(probe.bias).all()


def test_noise_gets_a_strong_penalty_and_a_line_a_weak_one():
    vectors, classes = blobs((40, 40))
    noise = torch.randn(80, 4, generator=DRAW)
    groups = torch.arange(80)
    assert linear_probe(noise, one_hot(classes), groups=groups).strength == 10
    assert linear_probe(vectors, one_hot(classes), groups=groups).strength < 0.1


def test_a_probe_that_is_sure_and_sometimes_wrong_is_chosen_by_recall_alone(monkeypatch):
    monkeypatch.setattr(probes, "STRENGTHS", (10.0, 0.001))
    places = [-1.0] * 30 + [1.0] * 10, [-1.0] * 20 + [1.0] * 20  # ten of the second patient lie where others belong
    vectors = torch.tensor([*places[0], *places[1]])[:, None]
    targets = one_hot(torch.tensor([0] * 30 + [1] * 10).repeat(2), 2)
    groups = torch.arange(80) // 40
    found = {by: linear_probe(vectors, targets, groups=groups, by_recall=by) for by in (False, True)}
    assert {by: probe.strength for by, probe in found.items()} == {False: 10.0, True: 0.001}
    answers = {by: probe(torch.tensor([[-1.0], [1.0]])).argmax(dim=1).tolist() for by, probe in found.items()}
    assert answers == {False: [0, 0], True: [0, 1]}


def test_misses_count_class_by_class():
    answers, targets = one_hot(torch.tensor([0, 0, 0, 1, 2]), 4), one_hot(torch.tensor([0, 0, 1, 1, 0]), 4)
    assert mean_miss(answers.float(), targets.double()) == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_recall_cannot_choose_between_findings():
    with pytest.raises(ValueError, match="classes that exclude each other; leave it out"):
        linear_probe(KNOWN, CLASSES, groups=torch.arange(30), multi_label=True, by_recall=True)


def test_several_findings_are_regressions_of_their_own():
    vectors, targets = torch.randn(40, 4, generator=DRAW), torch.zeros(40, 2)
    targets[:, 0], targets[:, 1] = (vectors[:, 0] > 0).float(), (vectors[:, 1] > 0).float()
    probe = linear_probe(vectors, targets, groups=torch.arange(40), multi_label=True)
    assert ((probe(vectors) > 0).float() == targets).float().mean() > 0.95


def test_it_is_the_same_every_time():
    vectors, classes = blobs((10, 10))
    first, again = (linear_probe(vectors, one_hot(classes), groups=torch.arange(20)) for _ in range(2))
    assert torch.equal(first.weight, again.weight)


def test_groups_stay_together_and_parts_are_alike():
    groups = torch.tensor([0, 0, 1, 2, 3, 4, 5, 6, 7, 7])
    targets = one_hot(torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), 2)
    folds = inner_folds(targets, groups)
    assert folds[0] == folds[1]
    assert folds[8] == folds[9]
    assert sorted(folds.unique().tolist()) == [0, 1, 2, 3, 4]
    assert inner_folds(targets, torch.zeros(10, dtype=torch.long)).tolist() == [0] * 10


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"as many vectors as targets and groups, at least one, got \[30, 29, 30\]"):
        linear_probe(KNOWN, CLASSES[1:], groups=torch.arange(30))
