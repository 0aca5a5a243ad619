from medssl.weights import LoadReport
from medssl.weights.report import listing


def test_text_names_counts_and_shares():
    report = LoadReport(
        "a.pt", 4, 87.5, loaded=["encoder.a", "encoder.b"], missing=["label.c (not in the file)"], unused=["volume.d"]
    )
    assert str(report) == (
        "a.pt: loaded 2 of 4 tensors (87.5 % of the encoder's parameters); 1 left fresh: label.c (not in the file); "
        "1 unused: volume.d"
    )


def test_reshaped_is_said():
    assert "1 reshaped: encoder.a (summed)" in str(LoadReport("a.pt", 1, 100.0, reshaped=["encoder.a (summed)"]))


def test_long_lists_are_cut():
    assert listing(["a", "b"]) == "a, b"
    assert listing(list("abcdefgh"), limit=2) == "a, b and 6 more"
