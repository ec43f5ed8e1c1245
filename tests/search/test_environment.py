"""What decides the last bits is known of each process."""

import json
import os
import subprocess
import sys

import pytest

from studies import environment

SAY = "import json; from studies.environment import here; print(json.dumps(here()))"


@pytest.mark.parametrize(
    ("variable", "value", "differs"),
    [
        ("OPENBLAS_CORETYPE", "Prescott", "blas_kernels"),
        ("NPY_DISABLE_CPU_FEATURES", "X86_V3 AVX2", "numpy_kernels"),
    ],
)
def test_other_kernels_are_told_apart(variable: str, value: str, differs: str) -> None:
    """A process whose BLAS or NumPy picks other kernels is not taken for one like this."""
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SAY],
        env=os.environ | {variable: value},
        capture_output=True,
        text=True,
        check=False,
    )
    there = json.loads(said.stdout)
    assert there[differs] != environment.here()[differs]
    assert environment.differences(there, environment.here())[0].startswith(differs)


def test_equal_environments_do_not_differ() -> None:
    """An environment is its own equal."""
    assert environment.differences(environment.here(), environment.here()) == []
