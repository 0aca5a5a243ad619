import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.nn.functional import cross_entropy, interpolate, normalize

from medssl.losses import CoarseCorrespondence, CorrespondenceLoss, FineCorrespondence
from medssl.networks import AnisotropicEncoder, CorrespondenceNetwork
from medssl.transforms import RandScaledViewsd

ALL = 10**6
EXHAUSTIVE = {"hard": ALL, "keep": ALL}


def unit(*shape, seed=0):
    return normalize(torch.randn(shape, generator=torch.Generator().manual_seed(seed)), dim=2)


def grid(size, *, step, first=(0.0, 0.0, 0.0)):
    """Where cells of this step lie, ``(3, *size)``."""
    axes = [start + edge * torch.arange(count) for start, edge, count in zip(first, step, size, strict=True)]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))


@pytest.fixture
def pair():
    """One pair of views: fine and coarse embeddings, and places; the second view is a little smaller and moved."""
    size = (4, 3, 5)
    places = torch.stack([grid(size, step=(4,) * 3), grid(size, step=(3.4,) * 3, first=(3.0, 1.0, 4.5))])[None]
    return unit(1, 2, 6, *size), unit(1, 2, 6, 1, 1, 2, seed=1), places


def flat(maps):
    return maps.flatten(2).transpose(1, 2)


def naive_fine(fine, coarse, places, *, positive_mm, ignore_mm, hard, temperature=0.5):
    """The definition, cell by cell, with all places and the hardest cells."""
    wide = normalize(interpolate(coarse[0], size=fine.shape[3:], mode="trilinear", align_corners=False), dim=1)
    fine, wide, places = flat(fine[0]), flat(wide), flat(places[0])
    box = places.amin(1).amax(0), places.amax(1).amin(0)
    values = []
    for a, b in ((0, 1), (1, 0)):
        for query in range(len(places[a])):
            if not ((places[a, query] >= box[0]) & (places[a, query] <= box[1])).all():
                continue
            distance = (places[b] - places[a, query]).norm(dim=1)
            if distance.min() >= positive_mm:
                continue
            others = []
            for view in (0, 1):
                for cell in range(len(places[view])):
                    if (places[view, cell] - places[a, query]).norm() >= ignore_mm:
                        cosine = fine[a, query] @ fine[view, cell]
                        others.append((cosine + wide[a, query] @ wide[view, cell], cosine))
            others = [cosine for _, cosine in sorted(others, key=lambda one: -one[0])[:hard]]
            logits = torch.stack([fine[a, query] @ fine[b, distance.argmin()], *others]) / temperature
            values.append(cross_entropy(logits[None], torch.zeros(1, dtype=torch.long)))
    return torch.stack(values).mean()


@pytest.mark.parametrize("hard", [ALL, 10])
def test_fine_loss_is_that_of_the_definition(pair, hard):
    words = {"positive_mm": 2.0, "ignore_mm": 6.0, "hard": hard}
    found = FineCorrespondence(**words, keep=hard, queries=ALL)(*pair)
    torch.testing.assert_close(found, naive_fine(*pair, **words))


def test_gradient_of_the_fine_loss_is_that_of_the_definition(pair):
    words = {"positive_mm": 2.0, "ignore_mm": 6.0, "hard": 10}
    gradients = []
    for loss in (FineCorrespondence(**words, keep=10), lambda *maps: naive_fine(*maps, **words)):
        fine = pair[0].clone().requires_grad_()
        loss(fine, *pair[1:]).backward()
        gradients.append(fine.grad)
    torch.testing.assert_close(*gradients)


def test_cells_that_draw_the_same_place_alike_cost_least():
    places = grid((2, 1, 1), step=(50,) * 3).expand(1, 2, 3, 2, 1, 1)
    alike = torch.eye(2).T.reshape(1, 1, 2, 2, 1, 1).expand(1, 2, 2, 2, 1, 1)
    loss = FineCorrespondence(temperature=1.0)
    # One positive of cosine 1, two negatives of cosine 0: the other cell in both views.
    assert loss(alike, alike, places).item() == pytest.approx(math.log(1 + 2 / math.e), rel=1e-5)
    swapped = alike.clone()
    swapped[:, 1] = alike[:, 1].flip(2)
    # The positive's cosine is 0; so is that of the other cell in the same view, but in the other view it is 1.
    assert loss(swapped, alike, places).item() == pytest.approx(math.log(2 + math.e), rel=1e-5)


def fine_loss(maps):
    return FineCorrespondence(positive_mm=2.0, ignore_mm=6.0)(*maps)


def coarse_loss(maps):
    return CoarseCorrespondence(ignore_mm=2.0)(maps[0], maps[2])


both = pytest.mark.parametrize("loss", [fine_loss, coarse_loss])


@both
def test_cells_without_a_place_play_no_part(pair, loss):
    fine, coarse, places = pair
    places[0, 0, :, 0] = torch.nan
    expected = loss(pair)
    fine = fine.clone()
    fine[0, 0, :, 0] = unit(1, 1, 6, 3, 5, seed=7)[0, 0]
    assert loss((fine, coarse, places)) == expected
    places[0, 1] = torch.nan
    assert loss((fine, coarse, places)).isfinite()


@both
def test_nothing_to_compare_is_0_with_a_gradient(pair, loss):
    fine = pair[0].clone().requires_grad_()
    value = loss((fine, pair[1], torch.full_like(pair[2], torch.nan)))
    value.backward()
    assert value == 0
    assert (fine.grad == 0).all()


@both
def test_mean_over_the_pairs_that_have_something_to_compare(pair, loss):
    doubled = [torch.cat([one, one]) for one in pair]
    doubled[2] = doubled[2].clone()
    doubled[2][1] = torch.nan
    torch.testing.assert_close(loss(doubled), loss(pair))


@both
def test_views_that_share_nothing_push_their_own_cells_apart(pair, loss):
    fine, coarse, places = pair
    places[0, 1] += 500
    alike = fine[:, :, :, :1, :1, :1].expand_as(fine)
    assert loss((alike, coarse, places)) > loss(pair)


def test_draws_come_from_torchs_generator(pair):
    loss = FineCorrespondence(positive_mm=2.0, ignore_mm=6.0, queries=3, hard=20, keep=5)
    values = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        values.append(loss(*pair))
    assert values[0] == values[1] != values[2]


def test_few_queries_give_the_same_on_average(pair):
    torch.manual_seed(0)
    pair[2][0, 1] = pair[2][0, 0] + 1  # so that both views have as many
    words = {"positive_mm": 2.0, "ignore_mm": 6.0}
    few = FineCorrespondence(**words, queries=3)
    mean = torch.stack([few(*pair) for _ in range(300)]).mean()
    assert mean == pytest.approx(float(FineCorrespondence(**words)(*pair)), rel=0.02)


def test_partners_must_be_near_along_z_too():
    first = grid((1, 1, 2), step=(1, 1, 100))
    places = torch.stack([first, first + torch.tensor([0, 0, 7.0]).view(3, 1, 1, 1)])[None]
    embedding = unit(1, 2, 4, 1, 1, 2)
    rows = flat(embedding[0])
    loss = CoarseCorrespondence(positive_z_mm=(8, 6), **EXHAUSTIVE)
    expected = []
    for cell in (0, 1):  # only cells of the first view look for a partner: 7 mm are too many for those of the second
        # The partner, at 7 mm, lies outside the ignored 5 mm and so stands among the others as well.
        logits = rows[0, cell] @ torch.cat([rows[1, cell : cell + 1], rows[0, 1 - cell : 2 - cell], rows[1]]).T
        expected.append(cross_entropy(2 * logits[None], torch.zeros(1, dtype=torch.long)))
    torch.testing.assert_close(loss(embedding, places), torch.stack(expected).mean())


def test_cells_of_other_volumes_count_against_a_place():
    # Of one volume, alone or beside another one whose cells point the other way, or the same way.
    places = grid((2, 1, 1), step=(60,) * 3).expand(2, 2, 3, 2, 1, 1)
    embedding = torch.zeros(2, 2, 2, 2, 1, 1)
    embedding[:, :, 0] = 1
    loss = CoarseCorrespondence(temperature=1.0)
    # One positive, two negatives of the same volume (the other cell in both views), all of cosine 1.
    assert loss(embedding[:1], places[:1]).item() == pytest.approx(math.log(3), rel=1e-5)
    assert loss(embedding, places).item() == pytest.approx(math.log(3 + 4), rel=1e-5)
    embedding[1] *= -1
    assert loss(embedding, places).item() == pytest.approx(math.log(3 + 4 / math.e**2), rel=1e-5)
    few = CoarseCorrespondence(temperature=1.0, elsewhere=1)
    assert few(embedding, places).item() == pytest.approx(math.log(3 + 1 / math.e**2), rel=1e-5)


def test_sum_of_both_and_its_parts(pair):
    fine, coarse, places = pair
    near = grid((1, 1, 2), step=(8, 8, 8)).expand(1, 2, 3, 1, 1, 2)
    losses = FineCorrespondence(positive_mm=2.0, ignore_mm=6.0), CoarseCorrespondence()
    loss = CorrespondenceLoss(*losses, weights={"fine": 1.0, "coarse": 0.5})
    value = loss({"fine": fine, "coarse": coarse}, {"fine": places, "coarse": near})
    parts = {"fine": losses[0](fine, coarse, places), "coarse": losses[1](coarse, near)}
    assert loss.parts == parts
    torch.testing.assert_close(value, parts["fine"] + parts["coarse"] / 2)
    with pytest.raises(ValueError, match=r"target for \['coarse'\]"):
        loss({"fine": fine, "coarse": coarse}, {"fine": places})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"temperature": 0.0}, "temperature above 0"),
        ({"ignore_mm": -1.0}, "lengths and a temperature above 0"),
        ({"hard": 3, "keep": 4}, "hard >= keep, got hard=3 and keep=4"),
    ],
)
@pytest.mark.parametrize("loss", [FineCorrespondence, CoarseCorrespondence])
def test_impossible_numbers_are_refused(loss, words, message):
    with pytest.raises(ValueError, match=message):
        loss(**words)


def smooth_volume(seed):
    noise = gaussian_filter(np.random.RandomState(seed).standard_normal((56, 56, 28)), 3)
    return (2000 * noise / np.abs(noise).max())[None].astype(np.float32)


def scaled_views(seed, *, volumes):
    draw = RandScaledViewsd(size=(32, 32, 16), noise=0.0).set_random_state(seed)
    items = [draw({"image": volume}) for volume in volumes]
    return {key: torch.stack([item[key] for item in items]) for key in items[0]}


@torch.no_grad()
def matching_error_mm(network, batch):
    """Median distance from cells' places to those of the most similar cells of the other view."""
    errors = []
    for fine, places in zip(network.eval()(batch["image"])["fine"].flatten(3), batch["fine"].flatten(3), strict=True):
        shown = torch.cdist(places[0].T, places[1].T).amin(1) < 3
        best = (fine[0].T[shown] @ fine[1]).argmax(1)
        errors.append((places[1].T[best] - places[0].T[shown]).norm(dim=1))
    return torch.cat(errors).median()


def test_a_network_learns_to_find_places_of_unseen_volumes():
    torch.manual_seed(0)
    network = CorrespondenceNetwork(AnisotropicEncoder(width=4), length=8)
    loss = CorrespondenceLoss(FineCorrespondence(ignore_mm=12.0, hard=300, keep=100), CoarseCorrespondence())
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    seen, unseen = ([smooth_volume(seed) for seed in seeds] for seeds in ((0, 1), (2, 3)))
    views = scaled_views(99, volumes=unseen)
    untrained = matching_error_mm(network, views)
    for step in range(50):
        batch = scaled_views(step, volumes=seen)
        optimizer.zero_grad()
        loss(network.train()(batch["image"]), batch).backward()
        optimizer.step()
    assert matching_error_mm(network, views) < untrained / 2
