"""A bundle's configs as one workflow."""

import threading

from medssl.study import workflows


def test_a_workflow_runs_without_handlers_that_are_left_out(bundle, tmp_path):
    words = {"output_dir": str(tmp_path / "logs")}
    workflow = workflows.execute(bundle, ["train"], overrides=words, without=["TensorBoardStatsHandler"])
    assert not (tmp_path / "logs").exists()
    assert [case["image"] for case in workflow.train_dataset_data] == ["a", "a", "b"]
    assert [case["image"] for case in workflow.val_dataset_data] == ["c"]


def test_tensorboard_leaves_no_threads(bundle, tmp_path):
    before = threading.active_count()
    workflows.execute(bundle, ["train"], overrides={"output_dir": str(tmp_path / "logs")})
    assert list((tmp_path / "logs").glob("events*"))
    assert threading.active_count() == before


def test_what_is_prepared_has_not_run(bundle, tmp_path):
    workflow = workflows.prepare(bundle, ["train"], overrides={"output_dir": str(tmp_path / "logs")})
    assert not (tmp_path / "logs").exists()
    workflows.run_and_close(workflow)
    assert (tmp_path / "logs").exists()


def test_what_was_seen_is_handed_on(tmp_path):
    workflows.copy_seen(tmp_path, tmp_path / "next")
    assert not (tmp_path / "next").exists()
    (tmp_path / "manifest.json").write_text("seen")
    workflows.copy_seen(tmp_path, tmp_path / "next")
    assert (tmp_path / "next" / "manifest.json").read_text() == "seen"
    workflows.remove([tmp_path / "manifest.json", tmp_path / "none.json"])
    assert not (tmp_path / "manifest.json").exists()
