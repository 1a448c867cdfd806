"""Colours `#rrggbb`: how light one is, and one for each number."""

import colorsys

_GOLDEN_ANGLE = 0.618033988749895
"""The part of the circle of hues between two numbers in succession, so that the hues of any count are spread evenly."""
_LUMINANCES = (0.12, 0.22, 0.36)
"""A contrast of at least 2.3 with white, with black and with the dark background of Label Studio, as WCAG 2 has it."""
_SATURATIONS = (0.85, 0.5)
_HALVINGS = 16


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of a colour `#rrggbb` as WCAG 2 defines it, from 0 for black to 1 for white."""
    return _luminance([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])


def _luminance(channels: list[float]) -> float:
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def make_colour(number: int) -> str:
    """Return the colour of a number: the same for the same number, and legible on white and on black.

    Args:
        number: A number from 0.
    """
    hue = number * _GOLDEN_ANGLE % 1
    goal = _LUMINANCES[number % len(_LUMINANCES)]
    saturation = _SATURATIONS[number // len(_LUMINANCES) % len(_SATURATIONS)]
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        lightness = (low + high) / 2
        too_light = _luminance(list(colorsys.hls_to_rgb(hue, lightness, saturation))) > goal
        low, high = (low, lightness) if too_light else (lightness, high)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colorsys.hls_to_rgb(hue, low, saturation))
