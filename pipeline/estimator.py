"""The trainer as a scikit-learn classifier."""

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline import training
from pipeline.estimator_rules import Rules, checked
from pipeline.nn.arrays import FloatArray
from pipeline.nn.examples import Examples
from pipeline.nn.fit import EVALUATED_AT_ONCE, fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import Optimizer
from pipeline.nn.state import State, start


class Training(NamedTuple):
    """What `partial_fit` goes on with."""

    classes: NDArray[Any]
    mlp: MLP
    optimizer: Optimizer
    state: State
    loss_curve: list[float]


class NumpyMLPClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # untyped bases
    """A multilayer perceptron with a softmax output, trained by `pipeline.nn`.

    Parameters have the names, meanings and limits that they have in `params.yaml`, but
    `hidden_size` is scikit-learn's `hidden_layer_sizes`; schedules, other outputs and losses,
    `input_dropout` and networks without biases are left to `params.yaml`. `early_stopping` holds
    `validation_fraction` of the examples back, stratified where every class has enough of them,
    stops after `patience` epochs that did not validate better, and keeps the best weights. An int
    `random_state` is the seed; None takes one from NumPy's global state, as in scikit-learn.

    Fitted: `classes_`, `n_features_in_`, `feature_names_in_`, the network `mlp_` and its
    parameters `theta_`, `n_iter_` (epochs trained), `loss_curve_` (training loss of each) and
    `validation_scores_` (accuracy after each; None without early stopping).

    Training is in `precision`, prediction in float64. The number of BLAS threads is left to
    `threadpoolctl.threadpool_limits`; it may change the last bits.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = NumpyMLPClassifier((32,), learning_rate=0.01, random_state=1)
    >>> model = make_pipeline(StandardScaler(), classifier).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (128,),
        *,
        activation: str = "relu",
        initializer: str = "he",
        precision: str = "float32",
        optimizer: str = "adam",
        learning_rate: float = 0.001,
        momentum: float = 0.9,
        batch_size: int | Literal["full"] = 64,
        epochs: int = 100,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        l2: float = 0.0,
        weight_decay: float | None = None,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        clip: float | None = None,
        clip_norm: float | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        """Keep the parameters as they are: scikit-learn wants them checked by `fit`."""
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.initializer, self.precision = initializer, precision
        self.optimizer, self.learning_rate, self.momentum = optimizer, learning_rate, momentum
        self.batch_size, self.epochs = batch_size, epochs
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.patience = patience
        self.l2, self.weight_decay, self.dropout = l2, weight_decay, dropout
        self.label_smoothing, self.clip, self.clip_norm = label_smoothing, clip, clip_norm
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network on X (n, d) and the classes y (n,).

        Raises: ValueError naming the rule and what was found; Diverged, an ArithmeticError, at
        the first loss that is not finite: a grid search then takes its `error_score`.
        """
        rules = self._rules()
        X, y = self._validated(X, y, rules.precision, reset=True)
        classes = _agreed(y)
        seed, val = self._seed(), None
        if rules.early_stopping:
            X, held, y, held_y = _split(X, y, rules.validation_fraction, seed)
            val = _examples(held, held_y, classes)
        train = _examples(X, y, classes)
        self._train(_begin(rules, classes, train, seed), rules, train, val)
        return self

    def _goes_on(self) -> bool:
        """Whether there is a `partial_fit`. Raises: AttributeError saying why there is none."""
        if self.early_stopping:
            raise AttributeError("partial_fit holds no examples back; set early_stopping=False")
        return True

    @available_if(_goes_on)  # type: ignore[untyped-decorator] # scikit-learn has no types
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Train one more epoch, on X (n, d) and y (n,); the first call must name all `classes`.

        Network, precision and optimizer stay those of the first call, or of `fit`; the other
        parameters may be set anew between calls. Raises: as `fit`, and leaves all as it was.
        """
        rules = self._rules().model_copy(update={"epochs": 1})
        before: Training | None = getattr(self, "_training", None)
        dtype = before.state.theta.dtype if before else rules.precision
        X, y = self._validated(X, y, dtype, reset=not before)
        known = _agreed(classes, before)
        train = _examples(X, y, known)
        going = copy.deepcopy(before) if before else _begin(rules, known, train, self._seed())
        self._train(going, rules, train)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class (n,) of each row of X (n, d)."""
        probabilities = self.predict_proba(X)
        predicted: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def predict_proba(self, X: Any) -> FloatArray:
        """The probability (n, classes) of each of `classes_` for each row of X (n, d)."""
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, reset=False)
        parts = (X[rows].astype(np.float64) for rows in gen_batches(len(X), EVALUATED_AT_ONCE))
        return np.concatenate([self.mlp_.outputs(self.theta_, part) for part in parts])

    def _rules(self) -> Rules:
        """The parameters, checked. Raises: ValueError naming parameter, rule and value."""
        parameters = self.get_params(deep=False)
        del parameters["random_state"]  # `_seed` checks it
        return checked(parameters)

    def _seed(self) -> int:
        """An int is the seed itself, so that `params.yaml` gives the same network."""
        rng = check_random_state(self.random_state)  # refuses what is no seed
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(rng.randint(2**31))

    def _validated(self, X: Any, y: Any, dtype: DTypeLike, *, reset: bool) -> tuple[Any, Any]:
        """X (n, d) in the training's type, a copy only where it must be, and y (n,)."""
        X, y = validate_data(self, X, y, dtype=dtype, order="C", reset=reset)
        check_classification_targets(y)
        return X, y

    def _train(
        self, going: Training, rules: Rules, train: Examples, val: Examples | None = None
    ) -> None:
        """Train `rules.epochs` more, then set all that is fitted."""
        classes, mlp, optimizer, state, curve = going
        how = replace(
            training.recipe(rules, len(train.X)),
            optimizer=optimizer,
            epochs=state.epoch + rules.epochs,
            patience=rules.patience if val else None,
        )
        history = list(fit(mlp, state, train, val, how))
        curve += [epoch.train_loss for epoch in history]
        self._training, self.classes_, self.mlp_ = going, classes, mlp
        self.theta_ = state.theta.astype(np.float64)
        self.n_iter_, self.loss_curve_ = state.epoch, curve
        self.validation_scores_ = [epoch.val_accuracy for epoch in history] if val else None


def _agreed(classes: Any, before: Training | None = None) -> NDArray[Any]:
    """The classes, sorted. Raises: ValueError if they are missing, too few or not as before."""
    if classes is None:
        if not before:
            raise ValueError("the first call of partial_fit must name all classes, but did not")
        return before.classes
    named = np.unique(classes)
    if before and not np.array_equal(named, before.classes):
        raise ValueError(f"classes must stay {before.classes}, but got {named}")
    if len(named) < 2:
        raise ValueError(f"there must be two or more classes, but there is one class: {named}")
    return named


def _examples(X: FloatArray, y: NDArray[Any], classes: NDArray[Any]) -> Examples:
    """Examples with one-hot targets. Raises: ValueError if y holds other classes."""
    if len(strangers := np.setdiff1d(y, classes)):
        raise ValueError(f"y must hold classes out of {classes} only, but holds {strangers}")
    labels = np.searchsorted(classes, y)
    return Examples(X, np.eye(len(classes), dtype=X.dtype)[labels], labels)


def _split(X: FloatArray, y: NDArray[Any], share: float, seed: int) -> Any:
    """X and y, each as a part to train on and a part held back; stratified if that is possible."""
    n, (_, counts) = len(X), np.unique(y, return_counts=True)
    held = min(math.ceil(share * n), n - 1)
    possible = counts.min() >= 2 and len(counts) <= min(held, n - held)
    return train_test_split(
        X, y, test_size=held, stratify=y if possible else None, random_state=seed
    )


def _begin(rules: Rules, classes: NDArray[Any], train: Examples, seed: int) -> Training:
    """A fresh network and its state."""
    mlp, optimizer = training.network(rules, train), training.optimizer(rules)
    initializer = training.initializer(rules)
    state = start(mlp, optimizer, seed, train.X.dtype.type, initializer)
    return Training(classes, mlp, optimizer, state, [])
