"""Settings of all tests."""

from hypothesis import settings

# the same examples on every machine and run; a busy machine is no failure
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")
