"""Every volume gets partners of other patients, and few volumes are together in memory."""

import pytest

from medssl.data.match_groups import pair_groups


def checked(patients, splits, partners, **words):
    """Group and hold what always holds: the pairs are of two patients, and those of a volume are all different."""
    groups = pair_groups(patients, splits, partners=partners, **words)
    pairs = [pair for group in groups for pair in group]
    assert len(set(pairs)) == len(pairs)
    assert all(patients[first] != patients[second] for first, second in pairs)
    assert {first for first, _ in pairs} == set(range(len(patients)))
    assert max(sum(first == row for first, _ in pairs) for row in range(len(patients))) <= partners
    return groups


def members(groups):
    return [{row for pair in group for row in pair} for group in groups]


@pytest.mark.parametrize("number", [2, 3, 4, 9, 10, 19, 40], ids=str)
@pytest.mark.parametrize("partners", [1, 3, 8], ids=str)
def test_every_volume_is_in_one_group_of_about_that_size(number, partners):
    groups = members(checked([f"p{i}" for i in range(number)], ["train"] * number, partners))
    assert sum(map(len, groups)) == number
    assert max(map(len, groups)) <= max(partners + 1, 3)
    assert min(map(len, groups)) >= 2


def test_splits_stay_apart():
    splits = ["train", "val"] * 6
    for group in members(checked([f"p{i}" for i in range(12)], splits, 3)):
        assert len({splits[row] for row in group}) == 1


def test_volumes_of_one_patient_come_apart():
    patients = [f"p{i // 3}" for i in range(12)]
    groups = checked(patients, ["train"] * 12, 3)
    assert [len({patients[row] for row in group}) for group in members(groups)] == [4, 4, 4]
    assert all(len(group) == 12 for group in groups)


def test_single_validation_patient_has_training_partners():
    groups = checked(list("abcdee"), ["train"] * 4 + ["val"] * 2, 2)
    assert all(partner < 4 for group in groups for _, partner in group)
    assert [len(group) for group in groups if group[0][0] >= 4] == [4]


def test_group_of_one_patient_draws_from_the_rest():
    groups = checked(["a"] * 11 + ["b"], ["train"] * 12, 2)
    assert {second for group in groups for first, second in group if first < 11} == {11}


def test_draws_come_from_the_seed():
    patients, splits = [f"p{i}" for i in range(12)], ["train"] * 12
    first, again, other = (pair_groups(patients, splits, partners=3, seed=seed) for seed in (0, 0, 1))
    assert first == again != other


def test_one_training_patient_is_refused():
    with pytest.raises(ValueError, match="at least 2 of them for training, got 1; add patients, or choose"):
        pair_groups(["a", "a", "b"], ["train", "train", "val"], partners=2)
