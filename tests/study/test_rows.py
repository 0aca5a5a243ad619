"""One row a run."""

from medssl.study import read_rows, write_row


def test_rows_add_up_and_new_columns_are_taken_in(tmp_path):
    write_row(tmp_path / "deep" / "runs.csv", {"init": "a", "mean": 0.5})
    write_row(tmp_path / "deep" / "runs.csv", {"init": "b", "mean": 0.25, "seed": 1})
    assert read_rows(tmp_path / "deep" / "runs.csv") == [
        {"init": "a", "mean": "0.5", "seed": ""},
        {"init": "b", "mean": "0.25", "seed": "1"},
    ]


def test_no_file_means_no_rows(tmp_path):
    assert read_rows(tmp_path / "runs.csv") == []
