"""Tests in a real browser: Debian's chromium, driven as by a person; `make browser-test` runs them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "dist" / "screens"
"""Where pictures are kept, to be looked at."""

sys.path.insert(0, str(ROOT / "tools"))
