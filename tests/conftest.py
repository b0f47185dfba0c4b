"""How hypothesis looks for counterexamples.

`house`: no deadline, because two cores may be shared by all workers. `landing`: the same examples each time, so that
what lands does not depend on luck; CI sets HYPOTHESIS_PROFILE to it.
"""

import os

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.register_profile("landing", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))
