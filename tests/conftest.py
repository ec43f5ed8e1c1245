"""Settings of all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples on every machine and run; a busy machine is no failure
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")

HERE = Path.cwd()


@pytest.fixture(autouse=True)
def _same_folder() -> Iterator[None]:
    """Whoever changes the working folder changes it back: the next test may be any other."""
    yield
    assert Path.cwd() == HERE
