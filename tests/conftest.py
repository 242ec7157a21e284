"""What holds for every test."""

import os

from hypothesis import settings

# A loaded machine is no fault of the code: pytest-timeout bounds each test as a whole. CI throws the same dice each
# time, so that a change is judged by what it changed; elsewhere, and in bench/, they fall anew.
settings.register_profile("procman", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("procman")
