"""Rules on what the trials prove: their number, their rivals, images and seeds."""

import math
from pathlib import Path

import scipy.stats

from analysis import confirmation, leaderboard, words
from analysis.load import Study
from analysis.results import Results
from analysis.statistics import Bits, Interval, expected_best, mcnemar, mean_difference
from analysis.verdicts import data
from analysis.verdicts.finding import (
    Finding,
    NotApplicable,
    best,
    confirmed,
    draws,
    finished,
    of_trial,
)

LEVEL = 0.05  # of a test; z is its normal quantile
Z = float(scipy.stats.norm.ppf(1 - LEVEL / 2))
POWER = 0.8
Z_POWER = float(scipy.stats.norm.ppf(POWER))


def too_few_trials(found: Results) -> Finding:
    """As many draws again would likely bring more than the validation images can show.

    The expected best of n/4, n/2 and n draws (R. Tang et al., 2020, arXiv:2004.13705, unbiased)
    shows what the last two doublings brought; the next is taken to shrink as the last one did,
    and never to grow, as for a distribution that ends (J. Pickands, 1975, Ann. Stat. 3, 119-131).
    """
    study = draws(found)
    values = finished(study)["val_accuracy"].tolist()
    if len(values) < 4:
        raise NotApplicable(f"{len(values)} finished draws of {study.key} are too few to judge.")
    expected = expected_best(values)
    quarter, half, all_ = (float(expected[len(values) // part - 1]) for part in (4, 2, 1))
    before, last = half - quarter, all_ - half
    gain = last * min(last / before, 1.0) if before > 0 else last
    first, second = _two_best(study)
    visible = smallest_difference(int((first ^ second).sum()), study.images)
    said = (
        f"Doubling the {len(values)} independent draws would raise the expected best by about "
        f"{points(gain)} points; {study.images:,} images show {points(visible)}."
    )
    twice = f"`studies.{study.key}.trials` to {2 * study.about['trials']}"
    if study.key != found.search.key:
        twice += f" and `studies.{found.search.key}.trials` to {2 * found.search.about['trials']}"
    return Finding(gain > visible, gain, said, f"Raise {twice}; finished trials are kept")


def no_better_than_random(found: Results) -> Finding:
    """The search's best is not clearly better than the best of random search.

    Where both were trained again, over those seeds: the two that their searches put first, so
    that no seed had a say in the choice. Otherwise by the two best trials' own images.
    """
    search, random = _rivals(found)
    lead, how = _lead_over_random(found, search, random)
    mean = sum(lead) / 2
    said = (
        f"The best of {search.key} beside the best of {random.key}: {words.points(mean)} points "
        f"({decisive(lead.low)} to {words.points(lead.high)}), {how}. This is one planned "
        "comparison: the interval is at 95 %, not widened for others."
    )
    remedy = (
        f"Raise `studies.{search.key}.trials` (finished trials are kept), or take the best of "
        f"`{random.key}`"
    )
    return Finding(lead.low <= 0, mean, said, remedy)


def tied_leaders(found: Results) -> Finding:
    """Other configurations cannot be told from the best: take the smallest network of them.

    Over the confirmation's seeds a tie is a paired interval that holds zero, and the intervals
    hold together (Bonferroni). Without a confirmation it is McNemar's exact test on the images of
    the leaderboard's single trials, each against the leader alone.
    """
    if found.confirm is None:
        board, how = leaderboard.table(found.studies), f"on {found.search.images:,} images"
        page = "leaderboard.md"
    else:
        _, board = confirmed(found)
        how, page = "as the mean over fresh seeds", "confirm.md"
    if len(board) < 2:
        raise NotApplicable("Fewer than two configurations finished, so none can be compared.")
    leader, tied = board.iloc[0], board[board["tied"]]
    rivals = len(tied) - 1
    who = confirmation.as_good(rivals, len(board) - 1)
    said = f"{who[0].upper()}{who[1:]} as the best, {of_trial(leader)}, which has "
    said += f"{words.percent(leader['val_accuracy'])} {how}."
    smallest = tied.sort_values("parameters", kind="stable").iloc[0]
    remedy = (
        f"Take the smallest of them, {of_trial(smallest)} with {smallest['parameters']:,} "
        f"parameters: #{smallest['rank']} in reports/tables/{page}"
        if smallest["parameters"] < leader["parameters"]
        else f"Keep the best: with {leader['parameters']:,} parameters it is the smallest as well"
    )
    return Finding(rivals > 0, rivals, said, remedy)


def below_resolution(found: Results, meta: Path = data.META) -> Finding:
    """The best leads the second by less than this many validation images can show.

    Two unrelated networks of accuracy p differ visibly from z sqrt(2 p (1 - p) / n) on (binomial);
    two on the same images from the smallest surplus that McNemar's exact test takes for one, of
    the images that they disagree on. Source: Q. McNemar, 1947, Psychometrika 12, 153-157.
    """
    study = found.search
    first, second = _two_best(study)
    images, accuracy = study.images, float(first.mean())
    lead = accuracy - float(second.mean())
    discordant = int((first ^ second).sum())
    paired = smallest_difference(discordant, images)
    binomial = Z * math.sqrt(2 * accuracy * (1 - accuracy) / images)
    p = mcnemar(first, second)
    said = (
        f"The best leads the second by {points(lead)} points (McNemar p = {p:.2g}); "
        f"{images:,} images show {points(paired)} between these two and "
        f"{points(binomial)} between unrelated networks."
    )
    remedy = _more_images(lead, discordant / images, data.known_images(meta))
    return Finding(p > LEVEL, lead, said, remedy)


def images_needed(lead: float, discordant: float) -> float:
    """On how many images McNemar's test at 5 % shows a lead in 8 of 10 cases.

    Both are shares of the images: n = (z sqrt(discordant) + z' sqrt(discordant - lead^2))^2 /
    lead^2, where z' is the normal quantile of the power. Source: R. J. Connor, 1987, Biometrics
    43, 207-211.

    >>> round(images_needed(0.01, 0.1))
    7847
    """
    return (Z * math.sqrt(discordant) + Z_POWER * math.sqrt(discordant - lead**2)) ** 2 / lead**2


def _more_images(lead: float, discordant: float, known: int | None) -> str:
    """What to do about a lead that is not shown; `known` is how many images there are at least."""
    if lead <= 0:
        return "Call them equal: no number of images parts them"
    enough = round(images_needed(lead, discordant), -2)
    if known is not None and enough > known:
        return (
            f"Call them equal: no split of the {known:,} images here shows such a lead; it takes "
            f"about {enough:,.0f} for validation alone, which show it in 8 of 10 cases"
        )
    return (
        f"Call them equal, or raise `data.sizes.val` to about {enough:,.0f}, which show such a "
        "lead in 8 of 10 cases"
    )


def unstable_optimum(found: Results) -> Finding:
    """Another seed moves the confirmed winner by more than its lead over the second.

    This is about single trainings: their spread does not shrink with more seeds, only that of
    the mean does, which `tied_leaders` judges.
    """
    again, board = confirmed(found)
    if len(board) < 2:
        raise NotApplicable("One configuration alone was trained again.")
    winner, second = board.iloc[0], board.iloc[1]
    each = again.trials.loc[again.trials["variant"] == winner["variant"], "val_accuracy"]
    spread, lead = float(each.std()), float(winner["val_accuracy"] - second["val_accuracy"])
    said = (
        f"Single trainings of {of_trial(winner)} vary by {points(spread)} points from seed to "
        f"seed (standard deviation of {len(each)}); its mean leads that of {of_trial(second)} by "
        f"{points(lead)}."
    )
    remedy = "Report means over seeds, never one training: it can rank the two wrongly"
    return Finding(spread > lead, spread, said, remedy)


def points(amount: float) -> str:
    """An amount that has no sign, in percentage points."""
    return words.points(amount).lstrip("+")


def decisive(change: float) -> str:
    """A signed change in points, with the digits that tell it from nothing.

    >>> decisive(0.0104), decisive(0.0003)
    ('+1.0', '+0.03')
    """
    digits = next((n for n in range(1, 9) if round(100 * change, n)), 1)
    return f"{100 * change:+z.{digits}f}".replace("-", "−")


def smallest_difference(discordant: int, images: int) -> float:
    """The smallest difference that McNemar's test shows between two networks at 5 %.

    They disagree on `discordant` images; should even all of these not be enough, it is that of
    the six which are.

    >>> smallest_difference(0, 1000), smallest_difference(20, 1000)
    (0.006, 0.01)
    """
    surplus = range(discordant % 2, discordant + 1, 2)
    shown = (
        more
        for more in surplus
        if scipy.stats.binomtest((discordant + more) // 2, max(discordant, 1)).pvalue <= LEVEL
    )
    return next(shown, 6) / images


def _two_best(study: Study) -> tuple[Bits, Bits]:
    """Which images the best and the second trial got right."""
    order = finished(study).sort_values("val_accuracy", ascending=False, kind="stable").index
    if len(order) < 2:
        raise NotApplicable(f"Only one trial of {study.key} finished.")
    return study.correct[order[0]], study.correct[order[1]]


def _rivals(found: Results) -> tuple[Study, Study]:
    """A search and a random search in the same space, even where the latter found the winner."""
    won, random = found.search, draws(found)
    same = [study for study in found.studies.values() if study.space == random.space]
    search = won if won is not random else next((s for s in same if s is not random), won)
    if search is random:
        raise NotApplicable(f"There is no search beside {random.key} in the same space.")
    return search, random


def _lead_over_random(found: Results, search: Study, random: Study) -> tuple[Interval, str]:
    if found.confirm is not None:
        again, board = confirmed(found)
        board = board[board["role"] != "pruned"]
        board = board.sort_values(["search_accuracy", "number"], ascending=[False, True])
        ours, theirs = (board.loc[board["study"] == s.key, "variant"] for s in (search, random))
        if len(ours) and len(theirs):
            after = confirmation.scores(again, ours.iloc[0])
            before = confirmation.scores(again, theirs.iloc[0])
            return mean_difference(after, before), "mean over fresh seeds"
    after, before = search.correct[best(search)], random.correct[best(random)]
    if after.shape != before.shape:
        raise NotApplicable(f"{search.key} and {random.key} have different validation images.")
    return mean_difference(after[None], before[None]), "one training each"
