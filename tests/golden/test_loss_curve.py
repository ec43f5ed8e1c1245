"""Twenty steps in float64, to the digit: whatever changes what the trainer computes shows here.

Inputs and starting point come from sines and every batch holds all examples, so no random stream
takes part. Only the order of additions is left open (processors and libraries choose it, and the
shuffle), which moves float64 losses of this size by about 1e-15; 1e-12 leaves room for twenty
steps, and a change of algorithm moves them by far more.
"""

import numpy as np
import pytest

from pipeline.nn.fit import Examples, Recipe, State, fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, Momentum
from pipeline.nn.schedules import constant, drops

TOLERANCE = 1e-12
RECIPES = {
    "sgd": ("relu", Recipe(SGD(), constant(0.2), batch_size=12, epochs=20)),
    "momentum": (
        "relu",
        Recipe(Momentum(), drops(0.1, (12, 16)), batch_size=12, epochs=20, l2=1e-2, clip=0.2),
    ),
    "adam": ("sigmoid", Recipe(Adam(), constant(0.05), batch_size=12, epochs=20)),
}
CURVES = {
    "sgd": [
        1.1247203798175398,
        1.1128236488695065,
        1.104542989027698,
        1.099452352222438,
        1.0945960907625807,
        1.0898632157942847,
        1.085007643866158,
        1.0779604415484176,
        1.063709839295544,
        1.0488268627012687,
        1.0332697369011887,
        1.0172332087936742,
        1.000396607565489,
        0.982866181292024,
        0.964857843930676,
        0.9466554431415072,
        0.9285570252143006,
        0.910821462239527,
        0.8936307812678178,
        0.8770779002394528,
    ],
    "momentum": [
        1.1247203798175398,
        1.1185112837858984,
        1.1089413686258922,
        1.1000741934838902,
        1.0908908340713535,
        1.082156904503633,
        1.0740908925493544,
        1.056833595463837,
        1.0339395197019552,
        1.0070421925733537,
        0.9751316192477217,
        0.9390465293050706,
        0.9012268776800232,
        0.8738639920640706,
        0.857608571671654,
        0.851435520368649,
        0.8509958024136193,
        0.8559059230229819,
        0.8646627773193076,
        0.875974242579515,
    ],
    "adam": [
        1.100946181099254,
        1.0799928256583649,
        1.062783681516611,
        1.0411063048066371,
        1.0151051467837824,
        0.9868093308393865,
        0.9575220065393294,
        0.9277694096707135,
        0.897619982663933,
        0.8670864671045714,
        0.8363516880880968,
        0.8057493998676256,
        0.7756327400673287,
        0.7462596038938415,
        0.7177587614118219,
        0.6901721953870257,
        0.6635257762642703,
        0.6378778372740485,
        0.6133236483179726,
        0.5899642610077437,
    ],
}


def curve(activation: str, how: Recipe) -> list[float]:
    """The loss before each of twenty steps."""
    mlp = MLP((5, 4, 3), activation)
    labels = np.arange(12) % 3
    X = np.sin(np.arange(60.0)).reshape(12, 5) + labels[:, None] / 2
    state = State(
        theta=np.sin(7 * np.arange(float(mlp.size))) / 2,
        memory=np.zeros((how.optimizer.slots, mlp.size)),
        shuffle=np.random.default_rng(0),
    )
    train = Examples(X, np.eye(3)[labels], labels)
    return [epoch.train_loss for epoch in fit(mlp, state, train, None, how)]


@pytest.mark.parametrize("name", RECIPES)
def test_loss_takes_its_known_course(name: str) -> None:
    """Twenty losses are the recorded ones."""
    np.testing.assert_allclose(curve(*RECIPES[name]), CURVES[name], rtol=TOLERANCE)
