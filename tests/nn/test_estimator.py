"""The scikit-learn classifier: its contract, and that it is the trainer and nothing else."""

import copy
import pickle
import re
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_blobs
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline import estimator, training
from pipeline.estimator import NumpyMLPClassifier
from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.state import Diverged, State, start
from pipeline.settings import Trainer

pytestmark = pytest.mark.slow
Data: TypeAlias = tuple[NDArray[np.float64], NDArray[Any]]
ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": 0.01,
    "batch_size": 16,
    "dropout": 0.1,
    "label_smoothing": 0.05,
    "clip_norm": 1.0,
    "l2": 1e-4,
}
OTHERS: dict[str, Any] = {
    "activation": "tanh",
    "initializer": "glorot",
    "optimizer": "nesterov",
    "momentum": 0.5,
    "batch_size": "full",
    "weight_decay": 0.1,
    "clip": 0.01,
}
DIVERGING: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 1e30, "activation": "identity"}


@pytest.fixture(scope="module")
def iris() -> Data:
    """Iris in shuffled order: 150 flowers of three kinds, with measures between 0 and 1."""
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return MinMaxScaler().fit_transform(X)[order], y[order]


def quick(**parameters: Any) -> NumpyMLPClassifier:
    """A small network, trained for a moment from seed 1."""
    return NumpyMLPClassifier(
        **{"hidden_layer_sizes": 8, "epochs": 5, "random_state": 1} | parameters
    )


def by_hand(X: NDArray[Any], y: NDArray[Any], settings: Trainer) -> tuple[State, list[float]]:
    """What `pipeline.nn` makes of the data and seed 1: the last state and the losses."""
    train = Examples(X, np.eye(3)[y], y).astype(settings.precision)
    mlp, how = training.network(settings, train), training.recipe(settings, len(X))
    dtype, initializer = train.X.dtype.type, training.initializer(settings)
    state = start(mlp, how.optimizer, 1, dtype, initializer)
    return state, [epoch.train_loss for epoch in fit(mlp, state, train, None, how)]


def same(a: NumpyMLPClassifier, b: NumpyMLPClassifier) -> bool:
    """Whether two classifiers have the same weights and the same history, bit by bit."""
    return np.array_equal(a.theta_, b.theta_) and a.loss_curve_ == b.loss_curve_


@pytest.mark.parametrize(
    "parameters",
    [{}, {"early_stopping": True}, {"precision": "float64"}, SETTINGS | {"activation": "gelu"}],
    ids=["defaults", "early stopping", "float64", "everything"],
)
def test_keeps_the_contract_of_scikit_learn(parameters: dict[str, Any]) -> None:
    """Every check passes; only the one of array libraries is left out, which SciPy has off."""
    results = check_estimator(NumpyMLPClassifier(**parameters), on_skip=None, on_fail="raise")
    left_out = {found["check_name"] for found in results if found["status"] != "passed"}
    assert left_out <= {"check_array_api_input"}
    assert len(results) > 50


def test_no_tag_excuses_it() -> None:
    """It claims to be deterministic, to validate and to score well: no check is loosened."""
    tags = get_tags(NumpyMLPClassifier())
    assert not tags.non_deterministic
    assert not tags.no_validation
    assert not tags._skip_test
    assert not tags.classifier_tags.poor_score
    assert tags.classifier_tags.multi_class


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("settings", [{}, SETTINGS, OTHERS], ids=["defaults", "some", "others"])
def test_is_the_trainer(iris: Data, precision: str, settings: dict[str, Any]) -> None:
    """The same settings and seed in `pipeline.nn` give the same weights and losses."""
    settings = settings | {"precision": precision, "epochs": 4}
    state, losses = by_hand(*iris, Trainer(hidden_size=(8, 5), **settings))
    found = quick(hidden_layer_sizes=(8, 5), **settings).fit(*iris)
    np.testing.assert_array_equal(found.theta_, state.theta)
    assert found.loss_curve_ == losses
    assert found.n_iter_ == len(losses) == 4
    assert found.mlp_.widths == (4, 8, 5, 3)
    assert found.validation_scores_ is None


def test_learns_digits() -> None:
    """With nothing set but the seed, more than 95 % of unseen digits are read rightly."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    model = NumpyMLPClassifier(epochs=20, random_state=0).fit(X_train, y_train)
    assert model.score(X_test, y_test) > 0.95


def test_two_classes_have_two_probabilities(iris: Data) -> None:
    """A softmax of two, whatever the labels are called; they come back sorted and as they were."""
    X, y = iris[0][iris[1] > 0], np.array(["", "versicolor", "virginica"])[iris[1][iris[1] > 0]]
    model = quick(epochs=30, learning_rate=0.02).fit(X, y)
    assert model.classes_.tolist() == ["versicolor", "virginica"]
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (100, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X) == "virginica", probabilities[:, 1] > 0.5)
    assert model.score(X, y) > 0.85


def test_one_class_is_refused(iris: Data) -> None:
    """There is nothing to tell apart: an error names the class."""
    with pytest.raises(ValueError, match=r"one class: \[7\]"):
        quick().fit(iris[0], np.full(150, 7))
    with pytest.raises(ValueError, match=r"one class: \['a'\]"):
        quick().partial_fit(iris[0], np.full(150, "a"), classes=["a"])


def test_predicts_in_float64_and_in_parts(iris: Data) -> None:
    """Three thousand rows at once are as a few at a time; nothing is rounded to float32."""
    model, X = quick().fit(*iris), np.tile(iris[0], (20, 1))
    whole = model.predict_proba(X)
    assert whole.dtype == model.theta_.dtype == np.float64
    np.testing.assert_allclose(whole[:7], model.predict_proba(X[:7]), rtol=1e-13)
    np.testing.assert_allclose(whole[-7:], model.predict_proba(X[-7:]), rtol=1e-13)
    exactly = model.mlp_.outputs(model.theta_, iris[0])  # float64 inputs, not their float32
    np.testing.assert_allclose(whole[:150], exactly, rtol=1e-13)


def test_converts_inputs_once(iris: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs of the training's type and order are trained on where they lie."""
    seen = []

    def spy(mlp: Any, state: Any, train: Examples, *rest: Any) -> Any:
        seen.append(train.X)
        return fit(mlp, state, train, *rest)

    monkeypatch.setattr(estimator, "fit", spy)
    X = np.ascontiguousarray(iris[0], np.float32)
    for given in (X, X.astype(np.float64), np.asfortranarray(X)):
        quick().fit(given, iris[1])
    assert np.shares_memory(seen[0], X)
    assert {(x.dtype.name, x.flags.c_contiguous) for x in seen} == {("float32", True)}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("hidden_layer_sizes", (5, 0), "greater than or equal to 1"),
        ("hidden_layer_sizes", "5", "a valid integer"),
        ("activation", "swish", "'elu' or 'gelu'"),
        ("initializer", "ones", "'glorot' or 'he'"),
        ("precision", "float16", "'float32' or 'float64'"),
        ("optimizer", "lbfgs", "'adam' or 'adamw'"),
        ("learning_rate", 0, "greater than 0"),
        ("learning_rate", float("nan"), "a finite number"),
        ("momentum", 1, "less than 1"),
        ("batch_size", 0, "greater than or equal to 1"),
        ("epochs", 2.5, "a valid integer"),
        ("early_stopping", "yes", "a valid boolean"),
        ("validation_fraction", 1.0, "less than 1"),
        ("patience", None, "a valid integer"),
        ("l2", -1, "greater than or equal to 0"),
        ("weight_decay", -1, "greater than or equal to 0"),
        ("dropout", 1, "less than 1"),
        ("label_smoothing", -0.1, "greater than or equal to 0"),
        ("clip", 0, "greater than 0"),
        ("clip_norm", "1", "a valid number"),
    ],
    ids=str,
)
def test_fit_refuses_bad_parameters(iris: Data, name: str, value: Any, rule: str) -> None:
    """Making, setting and cloning check nothing; fit names the parameter, the rule, the value."""
    model = clone(quick().set_params(**{name: value}))
    said = f"^{name}: input should be .*{rule}, but got {re.escape(repr(value))}$"
    with pytest.raises(ValueError, match=said):
        model.fit(*iris)
    with pytest.raises(NotFittedError):
        model.predict(iris[0])


@pytest.mark.parametrize(("seed", "said"), [(-1, "Seed must be"), ("one", "'one' cannot be used")])
def test_fit_refuses_what_is_no_seed(iris: Data, seed: Any, said: str) -> None:
    """A random state is what scikit-learn says it is."""
    with pytest.raises(ValueError, match=said):
        quick(random_state=seed).fit(*iris)


def test_takes_the_numbers_of_numpy(iris: Data) -> None:
    """A search hands out NumPy's numbers, strings and arrays: they are as Python's own."""
    plain = quick(hidden_layer_sizes=(6, 4), learning_rate=0.5, batch_size=8, activation="tanh")
    given = quick(
        hidden_layer_sizes=np.array([6, 4]),
        learning_rate=np.float64(0.5),
        batch_size=np.int64(8),
        activation=np.str_("tanh"),
        early_stopping=np.False_,
    )
    assert same(plain.fit(*iris), given.fit(*iris))


def test_seeds(iris: Data) -> None:
    """An int repeats itself, a RandomState its sequence, None what NumPy's global state says."""
    assert same(quick().fit(*iris), quick(random_state=np.int64(1)).fit(*iris))
    assert not same(quick().fit(*iris), quick(random_state=2).fit(*iris))
    rng = np.random.RandomState(0)
    first, second = (quick(random_state=rng).fit(*iris) for _ in range(2))
    assert not same(first, second)
    again = np.random.RandomState(0)
    assert same(first, quick(random_state=again).fit(*iris))
    assert not same(*(quick(random_state=None).fit(*iris) for _ in range(2)))
    before = np.random.get_state()  # noqa: NPY002
    one = quick(random_state=None).fit(*iris)
    np.random.set_state(before)  # noqa: NPY002
    assert same(one, quick(random_state=None).fit(*iris))


def test_fit_begins_anew(iris: Data) -> None:
    """A second fit, even on other data, knows nothing of the first, nor of partial ones."""
    model = quick().fit(iris[0][:, :2], iris[1] > 0)
    model.partial_fit(iris[0][:, :2], iris[1] > 0)
    assert same(model.fit(*iris), quick().fit(*iris))
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.n_features_in_ == 4


def test_partial_fits_in_a_row_are_one_fit(iris: Data) -> None:
    """Each call is an epoch: five have the bits of a fit of five; after a fit it goes on."""
    parts, whole, mixed = quick(**SETTINGS), quick(**SETTINGS), quick(**SETTINGS, epochs=2)
    for i in range(5):
        parts.partial_fit(*iris, classes=[2, 1, 0] if i == 0 else None)
        assert parts.n_iter_ == i + 1
    assert same(parts, whole.fit(*iris))
    mixed.fit(*iris)
    for _ in range(3):
        mixed.partial_fit(*iris)
    assert same(parts, mixed)


def test_partial_fit_needs_all_classes_at_first(iris: Data) -> None:
    """All classes come with the first call, and stay; a batch need not hold each of them."""
    X, y = iris
    with pytest.raises(ValueError, match="must name all classes"):
        quick().partial_fit(X, y)
    model = quick().partial_fit(X[y > 0], y[y > 0], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (150, 3)
    with pytest.raises(ValueError, match=r"must stay \[0 1 2\], but got \[0 1\]"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"out of \[0 1 2\] only, but holds \[3\]"):
        model.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="2 features, but NumpyMLPClassifier is expecting 4"):
        model.partial_fit(X[:, :2], y)
    assert model.n_iter_ == 1


def test_partial_fit_takes_new_parameters(iris: Data) -> None:
    """The learning rate may be set between calls; network, precision and optimizer stay."""
    model = quick().partial_fit(*iris, classes=[0, 1, 2])
    theta, mlp = model.theta_, model.mlp_
    model.set_params(learning_rate=1e-12, optimizer="sgd", precision="float64")
    model.set_params(hidden_layer_sizes=3).partial_fit(*iris)
    np.testing.assert_allclose(model.theta_, theta, atol=1e-9)
    assert model.mlp_ == mlp
    model.set_params(learning_rate=0.01).partial_fit(*iris)
    assert np.abs(model.theta_ - theta).max() > 0.01  # Adam's step is as long as the rate
    np.testing.assert_array_equal(model.theta_, model.theta_.astype(np.float32))


def test_partial_fit_is_not_for_early_stopping(iris: Data) -> None:
    """There is no partial fit while early stopping is on, and the error says why."""
    model = quick(early_stopping=True)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        model.partial_fit(*iris, classes=[0, 1, 2])
    assert "set early_stopping=False" in str(caught.value.__cause__)
    theta = model.fit(*iris).theta_
    model.set_params(early_stopping=False).partial_fit(*iris)
    assert not np.array_equal(model.theta_, theta)  # the best epoch is no longer kept
    assert model.validation_scores_ is None
    assert model.n_iter_ == 6


def test_divergence_is_an_error(iris: Data) -> None:
    """A loss that is not finite ends fit with its place; nothing is fitted."""
    model = quick(**DIVERGING)
    with pytest.raises(Diverged, match=r"learning rate 1e\+30 it was not"):
        model.fit(*iris)
    with pytest.raises(NotFittedError):
        model.predict(iris[0])


def test_diverging_partial_fit_leaves_all_as_it_was(iris: Data) -> None:
    """After a rate that was too high, training goes on as though it had not been tried."""
    model, calm = (quick(optimizer="sgd", activation="identity") for _ in range(2))
    for each in (model, calm):
        each.partial_fit(*iris, classes=[0, 1, 2])
    with pytest.raises(Diverged):
        model.set_params(learning_rate=1e30).partial_fit(*iris)
    assert same(model, calm)
    model.set_params(learning_rate=calm.learning_rate).partial_fit(*iris)
    assert same(model, calm.partial_fit(*iris))
    assert len(model.loss_curve_) == 2


def test_early_stopping_keeps_the_best_epoch(iris: Data) -> None:
    """It stops `patience` epochs after the best one, whose weights are those of a fit so long."""
    model = quick(early_stopping=True, patience=4, epochs=200, validation_fraction=0.2)
    model.set_params(learning_rate=0.1, hidden_layer_sizes=30).fit(*iris)
    scores = model.validation_scores_
    assert len(scores) == len(model.loss_curve_) == model.n_iter_ < 200
    best = model.n_iter_ - 4
    assert scores[best - 1] == max(scores) > 0.9
    shorter = clone(model).set_params(epochs=best).fit(*iris)
    np.testing.assert_array_equal(shorter.theta_, model.theta_)
    assert shorter.validation_scores_ == scores[:best]


def test_held_back_examples_are_stratified_and_unseen(
    iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of each class validates and does not train; the seed says which."""
    parts = []

    def spy(mlp: Any, state: Any, train: Examples, val: Examples, how: Any) -> Any:
        parts.append((train, val))
        return fit(mlp, state, train, val, how)

    monkeypatch.setattr(estimator, "fit", spy)
    X = iris[0] + np.arange(150)[:, np.newaxis]  # no two alike
    for seed in (1, 1, 2):
        quick(early_stopping=True, epochs=1, random_state=seed).fit(X, iris[1])
    (train, val), again, other = parts
    assert np.bincount(val.labels).tolist() == [5, 5, 5]
    rows = np.concatenate([train.X, val.X])
    np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(X.astype(np.float32), axis=0))
    np.testing.assert_array_equal(val.X, again[1].X)
    assert not np.array_equal(val.X, other[1].X)


@pytest.mark.parametrize("y", ["ab", "aab", "aabc", "aaaaaaaaaabbbbbbbbbbc", "abcdefghij"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.99])
def test_early_stopping_on_next_to_nothing(y: str, share: float) -> None:
    """Too few for strata: some example or other validates, one or more train."""
    X = np.random.default_rng(0).standard_normal((len(y), 3))
    model = quick(early_stopping=True, validation_fraction=share).fit(X, list(y))
    assert model.classes_.tolist() == sorted(set(y))
    assert len(model.validation_scores_) == model.n_iter_


def test_pickle_and_clone(iris: Data) -> None:
    """A pickled classifier predicts and goes on as the first does; a clone is unfitted."""
    model = quick(**SETTINGS).fit(*iris)
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(twin.predict_proba(iris[0]), model.predict_proba(iris[0]))
    assert same(twin.partial_fit(*iris), model.partial_fit(*iris))
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(iris[0])
    assert same(fresh.fit(*iris), quick(**SETTINGS).fit(*iris))


def test_a_copy_goes_its_own_way(iris: Data) -> None:
    """Training a copy on leaves the first one, and what was taken from it, alone."""
    model = quick().fit(*iris)
    theta, curve, twin = model.theta_.copy(), list(model.loss_curve_), copy.copy(model)
    twin.partial_fit(*iris)
    np.testing.assert_array_equal(model.theta_, theta)
    assert model.loss_curve_ == curve
    assert same(model.partial_fit(*iris), twin)


def test_feature_names(iris: Data) -> None:
    """A frame's column names are kept, and demanded again."""
    frame = pd.DataFrame(iris[0], columns=["a", "b", "c", "d"])
    model = quick().fit(frame, iris[1])
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert model.n_features_in_ == 4
    np.testing.assert_array_equal(model.predict(frame), model.predict(frame.copy()))
    for method in (model.predict, lambda X: model.partial_fit(X, iris[1])):
        with pytest.raises(ValueError, match="feature names should match"):
            method(frame[["b", "a", "c", "d"]])


def test_refuses_what_it_cannot_train_on(iris: Data) -> None:
    """Sparse inputs, inputs that float32 cannot hold, and numbers for classes are errors."""
    X, y = iris
    for use in (lambda S: quick().fit(S, y), quick().fit(X, y).predict):
        with pytest.raises(TypeError, match="dense data is required"):
            use(csr_array(X))
    with pytest.raises(ValueError, match="too large for dtype"), np.errstate(over="ignore"):
        quick().fit(X * 1e300, y)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        quick().fit(X, y + 0.5)
    with pytest.raises(TypeError, match="sample_weight"):
        quick().fit(X, y, sample_weight=np.ones(150))


def test_works_in_pipelines_and_cross_validation(iris: Data) -> None:
    """Scaled and validated in folds, it classifies iris; scores repeat."""
    model = make_pipeline(StandardScaler(), quick(epochs=30, learning_rate=0.05))
    scores = cross_val_score(model, *iris, cv=3)
    assert scores.mean() > 0.9
    np.testing.assert_array_equal(scores, cross_val_score(model, *iris, cv=3))
    losses = cross_val_score(model, *iris, cv=3, scoring="neg_log_loss")
    assert np.all((losses < 0) & (losses > -0.5))


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_works_in_a_grid_search(iris: Data) -> None:
    """The better of two rates is found; one that diverges scores nothing and stops nothing."""
    model = make_pipeline(MinMaxScaler(), quick(**DIVERGING, epochs=10))
    grid = {"numpymlpclassifier__learning_rate": np.array([1e-5, 0.1, 1e30])}
    with pytest.warns(FitFailedWarning, match="Diverged: the loss must be finite"):
        search = GridSearchCV(model, grid, cv=3).fit(*iris)
    assert search.best_params_ == {"numpymlpclassifier__learning_rate": 0.1}
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, False, True]
    assert search.best_estimator_.score(*iris) > 0.6


def test_leaves_the_threads_of_its_caller_alone(iris: Data) -> None:
    """Training and predicting change no thread pool: they are the caller's."""
    with threadpool_limits(2, user_api="blas"):
        before = threadpool_info()
        quick().fit(*iris).predict(iris[0])
        assert threadpool_info() == before


def test_scores_well_on_small_data() -> None:
    """Thirty points in three heaps are told apart with nothing set, whatever the seed."""
    X, y = make_blobs(30, random_state=0, cluster_std=0.5)
    scores = [NumpyMLPClassifier(random_state=seed).fit(X, y).score(X, y) for seed in range(5)]
    assert min(scores) > 0.9


def test_nothing_else_imports_it() -> None:
    """Commands start without scikit-learn's estimators: no other source names the module."""
    sources = [p for d in ("pipeline", "studies", "analysis") for p in (ROOT / d).rglob("*.py")]
    naming = {p.name for p in sources if "pipeline.estimator" in p.read_text(encoding="utf-8")}
    assert naming == {"estimator.py"}
