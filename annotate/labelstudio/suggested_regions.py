"""Regions that were suggested while an annotator labelled: their origin, and who suggested them.

The server says of a region only that it was predicted. So its id names the annotator whose suggestion it was, as in
`tagger--3f9a0c11d2`; the page and the server keep it. The page makes a CSS class of the id, and does not colour a
region whose id has other signs than letters, digits, hyphens and underscores.
"""

import re

from annotate.model import LABEL_ORIGINS

PREDICTION = LABEL_ORIGINS[1]
"""The origin of a region that was predicted and not changed."""
_NAMED = re.compile(r"([a-z0-9](?:[a-z0-9_-]{0,80}[a-z0-9])?)--[0-9a-f]{10}")


def name_region(annotator: str, number: str) -> str:
    """Return the id of a suggested region.

    Args:
        annotator: The id of the annotator who suggests it.
        number: Ten hexadecimal digits, in lower case.
    """
    return f"{annotator}--{number}"


def find_suggester(region_id: object) -> str | None:
    """Return the id of the annotator who suggested a region; None if its id does not say so."""
    match = _NAMED.fullmatch(region_id) if isinstance(region_id, str) else None
    return match[1] if match else None
