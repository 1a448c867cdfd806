"""Colours as readers see them who have all cones, or lack one kind."""

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


def times(matrix: tuple[Vector, Vector, Vector], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def lab(colour: str, sight: str) -> Vector:
    """Return CIE L*a*b* of a colour such as #1f6fb4, as a reader with this sight sees it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    seen = [min(max(c, 0), 1) for c in times(SIGHT[sight], linear)]
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in times(XYZ, seen))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(left: str, right: str, sight: str) -> float:
    """Return the distance of two colours in L*a*b* (CIE 1976)."""
    return float(sum((a - b) ** 2 for a, b in zip(lab(left, sight), lab(right, sight), strict=True)) ** 0.5)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1."""
    lightness = lab(colour, "all cones")[0]
    return float(((lightness + 16) / 116) ** 3) if lightness > 8 else lightness * 27 / 24389
