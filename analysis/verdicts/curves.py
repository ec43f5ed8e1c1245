"""Rules on the learning curves: their last epoch, and those that were cut short."""

from pandas import DataFrame

from analysis import words
from analysis.diagnosis import RISING, rise
from analysis.results import Results
from analysis.verdicts.finding import Finding, NotApplicable, best, confirmed, of_trial

EQUAL = 5e-10  # of means: half of the last digit that is published
RISEN = 0.05  # of the lowest validation loss


def still_rising(found: Results) -> Finding:
    """Validation accuracy was still growing when training ended: more epochs would help.

    The mean of the last tenth of the curve minus the mean of the tenth before.
    """
    curve = winning_curve(found)
    gained = rise(curve["val_accuracy"].tolist())
    key, epochs = found.search.key, found.search.about["settings"]["epochs"]
    said = (
        f"Over the last tenth of {len(curve)} epochs the winner's validation accuracy changed by "
        f"{words.points(gained)} points."
    )
    searched = "epochs" in found.search.space
    remedy = (
        f"Raise `studies.{key}.space.epochs`"
        if searched
        else f"Raise `studies.{key}.settings.epochs` above {epochs}"
    )
    return Finding(gained > RISING, gained, said, remedy)


def overfitting(found: Results) -> Finding:
    """Validation loss had risen by a twentieth from its lowest when training ended.

    Source: L. Prechelt, 1998, Early stopping - but when?, LNCS 1524, 55-69 (generalization loss
    GL = 100 (E / E_lowest - 1), here above 5).
    """
    curve = winning_curve(found)
    losses = curve["val_loss"].dropna()
    if losses.empty or losses.min() <= 0:
        raise NotApplicable("The winner's validation loss was not recorded.")
    risen = float(losses.iloc[-1] / losses.min() - 1)
    gap = float((curve["train_accuracy"] - curve["val_accuracy"]).iloc[-1])
    said = (
        f"Since its lowest, after epoch {losses.idxmin()} of {len(curve)}, the winner's "
        f"validation loss has risen by {words.percent(risen)}; it gets {words.points(gap)} points "
        "more of the training images right."
    )
    remedy = (
        f"Set `studies.{found.search.key}.settings.patience`, or search `weight_decay` or "
        "`dropout`"
    )
    return Finding(risen > RISEN, risen, said, remedy)


def pruned_a_leader(found: Results) -> Finding:
    """A pruned trial, trained to its end over fresh seeds, has at least the leader's mean.

    One that is behind by less than the seeds and images can show is told but does not fire: an
    interval that holds zero is no evidence against the pruner.
    """
    if not any(study.about["pruned"] for study in found.studies.values()):
        raise NotApplicable("No trial was pruned.")
    _, board = confirmed(found)
    pruned, others = board[board["role"] == "pruned"], board[board["role"] != "pruned"]
    if pruned.empty or others.empty:
        raise NotApplicable("No pruned trial was trained to its end: raise `confirm.pruned`.")
    first, leader = pruned.iloc[0], others.iloc[0]
    gap = others["val_accuracy"].iloc[0] - pruned["val_accuracy"]
    level = int((gap < EQUAL).sum())
    ahead = -float(gap.iloc[0])
    beside = (
        f"{words.points(abs(ahead)).lstrip('+')} points {'ahead of' if ahead > 0 else 'behind'}"
    )
    said = (
        f"{level or 'None'} of {len(pruned)} pruned trials, trained to their end, reached the "
        f"mean of the best that was not pruned, {of_trial(leader)}. The best of them, "
        f"{of_trial(first)}, is {beside if abs(ahead) >= EQUAL else 'level with'} it"
    )
    unclear = not level and bool(first["tied"])
    said += ", which may be chance." if unclear else "."
    pruner = f"`studies.{first['study']}.pruner`"
    remedy = f"Let {pruner} judge later, by more `warmup_epochs`, or prune nothing"
    return Finding(level > 0, ahead, said, remedy)


def winning_curve(found: Results) -> DataFrame:
    """The winner's mean curve over the confirmation's seeds, or the best trial's; by epoch.

    A best trial's last epoch flatters it, since that epoch chose it; fresh seeds do not.
    Raises: NotApplicable if it has fewer than two epochs.
    """
    if found.confirm is None:
        study, numbers = found.search, [best(found.search)]
    else:
        study, board = confirmed(found)
        chosen = study.trials[study.trials["variant"] == board["variant"].iloc[0]]
        numbers = chosen["number"][chosen["feasible"] == 1].tolist()
    rows = study.history[study.history["number"].isin(numbers)]
    curve = rows.drop(columns="number").groupby("epoch").mean()
    if len(curve) < 2:
        raise NotApplicable("The winner has fewer than two epochs.")
    return curve
