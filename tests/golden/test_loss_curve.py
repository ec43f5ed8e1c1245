"""Twenty steps in float64, to the digit: whatever changes what the trainer computes shows here.

Inputs and starting point come from sines and every batch holds all examples, so no random stream
takes part. Only the order of additions is left open (processors and libraries choose it), which
moves float64 losses of this size by about 1e-15; 1e-12 leaves room for twenty steps, and a change
of algorithm moves them by far more. Those from Nesterov's momentum on were also computed from the
formulas of papers, with nothing of this program: they agreed to 1e-15.
"""

import numpy as np
import pytest

from pipeline.nn.examples import Examples
from pipeline.nn.fit import fit
from pipeline.nn.mlp import MLP
from pipeline.nn.optimizers import SGD, Adam, AveragedMomentum, Momentum, Nesterov, RMSProp
from pipeline.nn.schedules import constant, cosine, drops, exponential, inverse_time, warm_up
from pipeline.nn.state import Recipe, State

TOLERANCE = 1e-12
RECIPES = {
    "sgd": (MLP((5, 4, 3)), Recipe(SGD(), constant(0.2), batch_size=12, epochs=20)),
    "momentum": (
        MLP((5, 4, 3)),
        Recipe(Momentum(), drops(0.1, (12, 16)), batch_size=12, epochs=20, l2=1e-2, clip=0.2),
    ),
    "adam": (
        MLP((5, 4, 3), "sigmoid"),
        Recipe(Adam(), constant(0.05), batch_size=12, epochs=20),
    ),
    "nesterov": (
        MLP((5, 4, 3), "tanh"),
        Recipe(Nesterov(), inverse_time(0.1, 0.1), batch_size=12, epochs=20, clip_norm=0.3),
    ),
    "averaged momentum": (
        MLP((5, 4, 3), "gelu"),
        Recipe(
            AveragedMomentum(),
            exponential(0.5, 0.95),
            batch_size=12,
            epochs=20,
            label_smoothing=0.1,
        ),
    ),
    "rmsprop": (
        MLP((5, 4, 3), "sigmoid", "sigmoid", "mean_squared_error"),
        Recipe(RMSProp(), cosine(0.01, 20), batch_size=12, epochs=20),
    ),
    "adamw": (
        MLP((5, 4, 3)),
        Recipe(Adam(), warm_up(constant(0.05), 4), batch_size=12, epochs=20, weight_decay=0.1),
    ),
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
    "nesterov": [
        1.0977066067982644,
        1.0795375645747531,
        1.055837975020825,
        1.028256756193204,
        0.99831982302693,
        0.967607562304052,
        0.9372351207037936,
        0.9077218599789978,
        0.8791529591666293,
        0.8514086795146495,
        0.824349862030325,
        0.7979050949543024,
        0.772083674720664,
        0.7469535674334106,
        0.7226114330443797,
        0.6991574550234049,
        0.6766784716048764,
        0.6552386385533283,
        0.634875769782802,
        0.6156018078245507,
    ],
    "averaged momentum": [
        1.1154058149350463,
        1.1135161987305426,
        1.110232493252797,
        1.1060217147945213,
        1.101263595405477,
        1.096227512240776,
        1.0910760766661338,
        1.0858835902414958,
        1.0806595650097568,
        1.075371133138357,
        1.0699615036094834,
        1.064363892732134,
        1.0585115376023257,
        1.0523447892978517,
        1.0458162081902656,
        1.0388943040271517,
        1.0315662412701831,
        1.0238395571253893,
        1.015742763232623,
        1.0073246425744558,
    ],
    "rmsprop": [
        0.31151097042798465,
        0.26572394015617473,
        0.24391518189975678,
        0.2310247322197552,
        0.2228749273888243,
        0.21740269522100597,
        0.2134731761553498,
        0.21046890779369384,
        0.20806190948154346,
        0.20608007033879336,
        0.20443220865056067,
        0.20306736489010926,
        0.20195316910410324,
        0.2010646530039443,
        0.20037873253097785,
        0.1998717343186004,
        0.19951852442863985,
        0.19929245226560888,
        0.1991656839545072,
        0.19910969909066054,
    ],
    "adamw": [
        1.1247203798175398,
        1.1247203798175398,
        1.1140201985991383,
        1.095504621977349,
        1.0650549031715557,
        1.0237372172023271,
        0.9839718924416602,
        0.9466170329856919,
        0.9109250295483603,
        0.8787711457691659,
        0.8476091777591727,
        0.8148039237206165,
        0.7800824916850825,
        0.7449561211080437,
        0.7112170541502597,
        0.6811360506228317,
        0.6527294872047223,
        0.6267303357860756,
        0.6036001331820002,
        0.5810601238123988,
    ],
}


def curve(mlp: MLP, how: Recipe) -> list[float]:
    """The loss before each of twenty steps."""
    labels = np.arange(12) % 3
    X = np.sin(np.arange(60.0)).reshape(12, 5) + labels[:, None] / 2
    state = State(
        theta=np.sin(7 * np.arange(float(mlp.size))) / 2,
        memory=np.zeros((how.optimizer.slots, mlp.size)),
        shuffle=np.random.default_rng(0),
        dropout=np.random.default_rng(0),
    )
    train = Examples(X, np.eye(3)[labels], labels)
    return [epoch.train_loss for epoch in fit(mlp, state, train, None, how)]


@pytest.mark.parametrize("name", RECIPES)
def test_loss_takes_its_known_course(name: str) -> None:
    """Twenty losses are the recorded ones."""
    np.testing.assert_allclose(curve(*RECIPES[name]), CURVES[name], rtol=TOLERANCE)
