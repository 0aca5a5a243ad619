import pytest
import torch

from medssl.checks import read_settings
from medssl.checks.run_size import InputGrid, RunSize, input_grid, size_of_run
from medssl.checks.step_cost import StepCost
from tests.checks.small_bundle import PRETRAIN, write_bundle


def test_the_input_is_what_the_words_say(tmp_path):
    folder = write_bundle(tmp_path)
    settings = read_settings(folder, ["pretrain"], words={"grid#cube": [4, 4, 4]})
    assert input_grid(settings, folder) == InputGrid((4, 4, 4), 1, (4.0, 4.0, 3.0))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"grid": {"spacing": "native", "window_hu": []}}, InputGrid((8, 8, 8)), id="metadata"),
        pytest.param(
            {"grid": None, "picture": {"size": 6, "channels": 3}}, InputGrid((6, 6), 3, (4.0, 4.0, 3.0)), id="flat"
        ),
        pytest.param({"cases": {"spatial_dims": 2}}, InputGrid((8, 8, 8), 1, (4.0, 4.0, 3.0), True), id="pictures"),
    ],
)
def test_other_inputs(changes, expected, tmp_path):
    folder = write_bundle(tmp_path, changes)
    assert input_grid(read_settings(folder, ["pretrain"]), folder) == expected


def test_an_unknown_input_is_an_error(tmp_path):
    folder = write_bundle(tmp_path, {"grid": None}, metadata={"network_data_format": {}})
    with pytest.raises(ValueError, match="should say how large its input is"):
        input_grid(read_settings(folder, ["pretrain"]), folder)


def test_voxels_after_resampling_by_hand():
    assert InputGrid((8, 8, 8), spacing=(4.0, 4.0, 3.0)).voxels([10, 10, 10], [2.0, 2.0, 3.0]) == 250
    assert InputGrid((8, 8, 8)).voxels([10, 10, 10], [2.0, 2.0, 3.0]) == 1000


GRID = InputGrid((8, 8, 8))
PARTS = {"train": [{"image": "a"}] * 3, "val": []}


def test_a_run_is_measured_and_counted(tmp_path):
    folder = write_bundle(tmp_path, {"crops_per_scan": 2})
    size = size_of_run(read_settings(folder, ["pretrain"]), folder, grid=GRID, parts=PARTS, seconds=0.01)
    assert (size.epochs, size.images_a_step, size.items) == (3, 8, 3 * 2 * 2)  # repeats, crops
    assert size.measured == ""
    assert size.cost.fixed == 2 * (2 * 27 + 2) * 4
    assert size.epoch_seconds == pytest.approx(12 * size.cost.seconds / size.cost.size)


def test_a_network_of_two_views_gets_them(tmp_path):
    encoder = {"_target_": "medssl.networks.ConvEncoder", "spatial_dims": 3, "in_channels": 1, "width": 1}
    heads = {"_target_": "medssl.networks.ProjectionHead", "in_channels": 16, "widths": [16, 4]}
    network = {
        "_target_": "medssl.networks.PairedNetwork",
        "network": {
            "_target_": "medssl.networks.MultiTaskNetwork",
            "encoder": encoder,
            "vector_heads": {"embedding": heads},
        },
        "pairing": {"_target_": "medssl.networks.SharedPairing"},
    }
    folder = write_bundle(tmp_path, {"network": network})
    size = size_of_run(read_settings(folder, ["pretrain"]), folder, grid=GRID, parts=PARTS, seconds=0.01)
    assert size.measured == ""
    assert size.cost.seconds > 0


def test_a_run_that_needs_preparation_is_measured_by_another(tmp_path):
    table = {"_target_": "medssl.data.load_patterns", "patterns_dir": "nowhere", "data_hash": "none_given"}
    changes = {"network_def": {**PRETRAIN["network_def"], "out_channels": "$@table['classes']"}, "table": table}
    dataset = {"_target_": "medssl.data.PatternCubes", "patterns_dir": "nowhere"}
    changes["train"] = {**PRETRAIN["train"], "dataset": {"_target_": "Dataset", "data": dataset}}
    folder = write_bundle(tmp_path, changes, train=PRETRAIN)
    size = size_of_run(read_settings(folder, ["pretrain"]), folder, grid=GRID, parts=PARTS, seconds=0.01)
    assert "network of train.json" in size.measured
    assert size.items == 0
    assert size.cost is not None


def test_what_cannot_be_measured_says_why(tmp_path):
    folder = write_bundle(tmp_path)
    size = size_of_run(read_settings(folder, ["pretrain"]), folder, grid=InputGrid((2,)), parts=PARTS, seconds=0.01)
    assert size.cost is None
    assert size.measured.startswith("not measured: ")
    assert size.epoch_seconds == 0


def test_epoch_by_hand():
    size = RunSize(2, 4, 100, StepCost(4, 0.5, 0, 0), "", torch.device("cpu"))
    assert size.epoch_seconds == 12.5
