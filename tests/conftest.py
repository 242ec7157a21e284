"""What holds for every test."""

from hypothesis import settings

# A loaded machine is no fault of the code: pytest-timeout bounds each test as a whole.
settings.register_profile("procman", deadline=None)
settings.load_profile("procman")
