"""A process of a campaign that is in a run which does not end."""

import sys
import time

from ccheck_fuzz.process.child import end_with_parent

if __name__ == "__main__":
    end_with_parent()
    sys.stdout.write("asleep")
    sys.stdout.flush()
    time.sleep(3600)
