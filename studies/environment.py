"""What decides the last bit of a result beside settings and data: versions, BLAS, processor."""

import platform
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from studies import fingerprint
from studies.trials import Trial


@lru_cache(maxsize=1)
def here() -> dict[str, str]:
    """This process's environment: equal ones compute equal bits.

    A BLAS picks its kernels by the processor, and so does NumPy for exp, log and tanh:
    `blas_kernels` and `numpy_kernels` name those that were chosen.
    """
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    pools.sort(key=lambda pool: "numpy" not in pool["filepath"])  # SciPy may bring its own
    blas = pools[0] if pools else {}
    built: Mapping[str, Any] = np.show_config(mode="dicts")
    return {
        "python": platform.python_version(),
        **fingerprint.versions(),
        "handtuned": fingerprint.code()[:12],
        "machine": platform.machine(),
        "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')}".strip(),
        "blas_kernels": str(blas.get("architecture", "unknown")),
        "numpy_kernels": " ".join(built["SIMD Extensions"].get("found", [])) or "baseline",
        "libc": " ".join(platform.libc_ver()).strip() or platform.system(),
    }


def of(trials: Sequence[Trial]) -> dict[str, str]:
    """The environment that the trials were trained in; where they had several, all of them."""
    each = [trial.timing.environment for trial in trials]
    names = dict.fromkeys(name for environment in each for name in environment)
    return {
        name: ", ".join(sorted({environment.get(name, "unknown") for environment in each}))
        for name in names
    }


def differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What is `found` instead of what is `wanted`, in words."""
    return [
        f"{name} {found.get(name, 'unknown')} instead of {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
