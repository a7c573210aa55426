"""A picture of the proof: environments as sealed rooms, what is in them, and every crossing with its witness.

`svg` is one drawing; `html` is a page with that drawing and everything the drawing has to shorten. Both are
deterministic, load nothing from anywhere, run no script, and take every name for hostile.
"""

from sealift.reports.map.drawing import svg
from sealift.reports.map.page import html

__all__ = ["html", "svg"]
