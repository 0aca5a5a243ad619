"""Tables as CSV."""

from medssl.data import read_rows, write_rows


def test_columns_are_all_keys_and_gaps_stay_empty(tmp_path):
    path = write_rows(tmp_path / "deep" / "runs.csv", [{"init": "a", "mean": 0.5}, {"init": "b", "seed": 1}])
    assert path.read_text().splitlines() == ["init,mean,seed", "a,0.5,", "b,,1"]
    assert read_rows(path) == [{"init": "a", "mean": "0.5", "seed": ""}, {"init": "b", "mean": "", "seed": "1"}]


def test_no_file_means_no_rows(tmp_path):
    assert read_rows(tmp_path / "runs.csv") == []
