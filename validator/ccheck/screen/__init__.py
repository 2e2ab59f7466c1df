"""Files that need no second look: a fast answer where nothing at all is wrong, and none where anything might
be.

A screen says that a spotless file (`ccheck_schemas.generate`) would pass every check without so much as a
warning. Where it has a doubt it says nothing, and the checks themselves decide: they alone say what is wrong.
Tests hold the screens against the checks. Nothing here imports Construct, so that a start is short.
"""

from __future__ import annotations
