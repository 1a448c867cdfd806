"""The order of inventory versions."""

from annotate.versions import is_older, is_version, latest, same_major


def test_numbers_are_compared_as_numbers() -> None:
    assert is_older("0.9.0", "0.10.0")
    assert not is_older("0.10.0", "0.9.0")
    assert not is_older("1.0.0", "01.0.00")


def test_any_number_of_digits_is_compared() -> None:
    assert is_older("0.1.0", f"0.1.{'9' * 5000}")


def test_without_another_version_nothing_is_older() -> None:
    assert not is_older("0.1.0", None)
    assert latest(None, None) is None
    assert latest("0.9.0", None, "0.10.0") == "0.10.0"


def test_form_of_a_version() -> None:
    assert is_version("0.10.0")
    assert not any(map(is_version, ("0.1", "v0.1.0", "0.1.0\n", "", "٠.١.٢")))


def test_major_versions() -> None:
    assert same_major("0.1.0", "0.2.0")
    assert not same_major("0.9.0", "1.0.0")
