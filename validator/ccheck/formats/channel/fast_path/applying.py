"""How many checks a file that takes the fast path has passed.

Loading the checks to count them takes longer than such a file. Written by `python -m tests.generated`.
"""

APPLYING = 76
