"""What makes two studies the same study."""

import hashlib
import io
import json
import tokenize
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import params

# not of the packages: one without __init__ in the working folder has no file
_ROOTS = (Path(params.__file__).parent, Path(__file__).parent)
DECIDING = (
    *sorted((_ROOTS[0] / "nn").glob("*.py")),
    *(
        _ROOTS[0] / f"{name}.py"
        for name in (
            "params",
            "pruner_settings",
            "scaling",
            "settings",
            "space_settings",
            "study_settings",
            "training",
        )
    ),
    *(
        _ROOTS[1] / f"{name}.py"
        for name in (
            "build",
            "faults",
            "mirror",
            "objective",
            "proposals",
            "pruning",
            "rounds",
            "space",
            "training",
            "trials",
        )
    ),
)
"""The source files that decide a result."""

_IGNORED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}


def parts(settings: Mapping[str, Any], data: Mapping[str, str]) -> dict[str, Any]:
    """All that decides a study's results, by name: what is in, the fingerprint covers.

    `settings` are the study's and the trainer's; `data` names the digests of its arrays.
    The number of trials, the workers and the storage are not in: they decide nothing.
    """
    return {
        "settings": dict(settings),
        "data": dict(data),
        "code": code(),
        **versions(),
    }


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """The versions of the libraries that decide a result."""
    return {name: version(name) for name in ("numpy", "optuna", "scipy")}


def digest(of: Mapping[str, Any]) -> str:
    """Twelve hex digits of the SHA-256 of `of` as JSON; mappings count whatever their order."""
    text = json.dumps(of, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code() -> str:
    """The digest of the deciding source files, comments and blank lines not counted."""
    sources = "".join(_tokens(path.read_bytes()) for path in DECIDING)
    return hashlib.sha256(sources.encode()).hexdigest()


@lru_cache(maxsize=64)
def _tokens(source: bytes) -> str:
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    kept = [token.string for token in tokens if token.type not in _IGNORED]
    return hashlib.sha256("\0".join(kept).encode()).hexdigest()
