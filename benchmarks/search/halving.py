"""scikit-learn's HalvingRandomSearchCV over its MLPClassifier, on the same images.

The space is that of the study as far as MLPClassifier has it: no drops of the learning rate.
The resource is epochs (`max_iter`), tripled from rung to rung; every rung trains anew.
"""

import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 # allows the next import
from sklearn.model_selection import HalvingRandomSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

from benchmarks.search.budgets import BASELINE, SEARCH, Setting, section
from benchmarks.search.runs import Step
from benchmarks.ways import MOMENTUM
from pipeline import dataset
from pipeline.nn.examples import Examples
from pipeline.settings import Trainer
from pipeline.space_settings import Choices, Dimension, IntRange
from pipeline.study_settings import SampledStudy
from pipeline.training import one_blas_thread

FACTOR = 3
RUNGS = 3
PARAMETERS = {
    "hidden_size": "hidden_layer_sizes",
    "learning_rate": "learning_rate_init",
    "batch_size": "batch_size",
}
DENSE = 1001  # values that stand for a range


class Classifier(MLPClassifier):  # type: ignore[misc] # untyped base
    """MLPClassifier that keeps the seconds its thread computed, and stops without a warning."""

    def fit(self, X: Any, y: Any) -> Self:
        """Train on one BLAS thread."""
        one_blas_thread()
        began = time.thread_time()
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            super().fit(X, y)
        self.cpu_seconds_ = time.thread_time() - began
        return self


class Scores(NamedTuple):
    """A scorer: of each candidate its validation accuracy, and what the search does not use."""

    held_out: Examples

    def __call__(self, network: Classifier, X: Any, y: Any) -> dict[str, float]:
        """The `score` that decides, and the rest."""
        return {
            "score": network.score(X, y),
            "held_out": network.score(self.held_out.X, self.held_out.labels),
            "epochs": network.n_iter_,
            "seconds": network.cpu_seconds_,
        }


def halving(setting: Setting, seed: int) -> list[Step]:
    """The candidates of every rung, in order: as many as the baseline has trials.

    A candidate whose training fails counts at chance level, with all the epochs it was given.
    """
    params, base = setting.params, setting.params.base_of(SEARCH)
    train, val = dataset.load("train"), dataset.load("val")
    both = dataset.joined(train, val)
    search = HalvingRandomSearchCV(
        Classifier(alpha=base.l2, nesterovs_momentum=False, random_state=seed),
        parameters(section(params, SEARCH), base),
        n_candidates=section(params, BASELINE).trials,
        factor=FACTOR,
        resource="max_iter",
        min_resources=max(1, base.epochs // FACTOR ** (RUNGS - 1)),
        max_resources=base.epochs,
        cv=PredefinedSplit([-1] * len(train.X) + [0] * len(val.X)),
        scoring=Scores(setting.held_out),
        refit="score",  # it cannot do without
        random_state=seed,
        n_jobs=setting.jobs,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        warnings.filterwarnings("ignore", "One or more of the test scores are non-finite")
        search.fit(both.X, both.labels)
    return _steps(search.cv_results_, 1 / train.Y.shape[1])


def parameters(study: SampledStudy, base: Trainer) -> list[dict[str, list[Any]]]:
    """The study's space in MLPClassifier's words: a table of values for each optimizer."""
    optimizers = study.space.get("optimizer")
    names = optimizers.choices if isinstance(optimizers, Choices) else (base.optimizer,)
    shared: dict[str, list[Any]] = {
        theirs: _values(study.space[name])
        for name, theirs in PARAMETERS.items()
        if name in study.space
    }
    return [
        {
            "solver": ["adam" if name == "adam" else "sgd"],
            "momentum": [MOMENTUM.get(name, 0.9)],
            **shared,
        }
        for name in ("sgd", "momentum", "adam")
        if name in names
    ]


def _values(dimension: Dimension) -> list[Any]:
    """What to draw from, each value as likely as the next."""
    if isinstance(dimension, Choices):
        return list(dimension.choices)
    spaced = np.geomspace if dimension.log else np.linspace
    values = spaced(dimension.low, dimension.high, DENSE)
    if isinstance(dimension, IntRange):
        values = values.round().astype(int)
    return list(values.tolist())


def _steps(results: dict[str, Sequence[Any]], chance: float) -> list[Step]:
    """The rows of `cv_results_`."""
    steps = []
    for number, failed in enumerate(np.isnan(results["mean_test_score"])):
        seconds = "mean_fit_time" if failed else "mean_test_seconds"
        epochs = results["n_resources" if failed else "mean_test_epochs"][number]
        worth = (
            chance if failed else float(results[f"mean_test_{name}"][number])
            for name in ("score", "held_out")
        )
        steps.append(
            Step(number, "COMPLETE", int(epochs), float(results[seconds][number]), *worth)
        )
    return steps
