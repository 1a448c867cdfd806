"""The colours of the labels, as readers see them who lack one kind of cone: no two may look alike."""

import itertools

import pytest

from annotate.inventory import Inventory

Vector = tuple[float, float, float]
# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (IEEE
# Transactions on Visualization and Computer Graphics 15, 2009), severity 1.0, on linear RGB.
SIGHT: dict[str, tuple[Vector, Vector, Vector]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no long": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no middle": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no short": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
# sRGB to CIE XYZ, D65 (IEC 61966-2-1), each row divided by the white point.
XYZ: tuple[Vector, Vector, Vector] = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)


APART = 18


def times(matrix: tuple[Vector, Vector, Vector], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def lab(colour: str, sight: str) -> Vector:
    """CIE L*a*b* of a colour such as #1f6fb4, as somebody with this sight has it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    seen = [min(max(c, 0), 1) for c in times(SIGHT[sight], linear)]
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in times(XYZ, seen))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, sight: str) -> float:
    """CIE 1976: the distance in L*a*b*."""
    return float(sum((a - b) ** 2 for a, b in zip(lab(one, sight), lab(other, sight), strict=True)) ** 0.5)


def test_distance_of_black_and_white_and_of_a_known_confusion() -> None:
    assert distance("#000000", "#ffffff", "all cones") == pytest.approx(100, abs=0.1)
    assert distance("#c05050", "#6c7a3a", "no long") < distance("#c05050", "#6c7a3a", "all cones") / 2


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_labels_look_alike(labels: Inventory, sight: str) -> None:
    pairs = itertools.combinations(labels.spans.values(), 2)
    close = [
        (one.name, other.name, round(found))
        for one, other in pairs
        if (found := distance(one.color, other.color, sight)) < APART
    ]
    assert close == []


@pytest.mark.parametrize(("paper", "least"), [("#ffffff", 2), ("#1f1e1a", 2)])
def test_names_of_labels_can_be_read_in_light_and_dark_mode(labels: Inventory, paper: str, least: float) -> None:
    """Contrast of WCAG 2.2, of the coloured names in the list of regions."""

    def luminance(colour: str) -> float:
        lightness = lab(colour, "all cones")[0]
        return float(((lightness + 16) / 116) ** 3) if lightness > 8 else lightness * 27 / 24389

    for label in labels.spans.values():
        low, high = sorted((luminance(paper), luminance(label.color)))
        assert (high + 0.05) / (low + 0.05) >= least, label.name
