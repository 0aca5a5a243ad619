"""What a run ran on."""

from medssl.handlers.hardware import hardware


def test_a_processor_is_told_with_its_threads():
    assert hardware("cpu").startswith("cpu (")
    assert hardware("cpu").endswith("threads)")
