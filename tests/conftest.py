"""What holds for all tests: Ctrl-C as on a terminal, and how hypothesis looks for counterexamples.

`house`: no deadline, because two cores may be shared by all workers. `landing`: the same examples each time, so that
what lands does not depend on luck; CI sets HYPOTHESIS_PROFILE to it.
"""

import os
import signal

from hypothesis import settings

# A shell starts what runs in the background with Ctrl-C ignored, and programs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("house", deadline=None)
settings.register_profile("landing", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))
