"""One trial, trained and judged epoch by epoch: what a worker does."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from math import isfinite, nan

from optuna.pruners import BasePruner

from pipeline.errors import UserError
from pipeline.training import one_blas_thread
from studies import environment
from studies.pruning import Judge, Told
from studies.trials import Direction, Objective, Proposal, Report, Timing, Trial


def train_trial(
    objective: Objective,
    proposal: Proposal,
    pruner: BasePruner,
    snapshot: Sequence[Told],
    direction: Direction,
) -> Trial:
    """Train one trial to its end, or until it is pruned: a pure function, run in a worker."""
    one_blas_thread()
    judge = Judge(pruner, snapshot, proposal.number, direction)
    began, clock = time.time(), time.perf_counter()
    reports: list[Report] = []
    reason = "finished"
    for said in objective(proposal.params, proposal.seed):
        report = said if isinstance(said, Report) else Report(float(said))
        if not isfinite(report.score):
            raise UserError(f"trial {proposal.number}: scores must be finite, not {report.score}")
        reports.append(report)
        if report.stop is not None:
            reason = report.stop
            break
        if judge.prunes(len(reports), report.score):
            reason = "pruned"
            break
    if not reports:
        raise UserError(f"trial {proposal.number}: an objective must report at least one score")
    timing = Timing(time.perf_counter() - clock, began, this_process(), environment.here())
    return _trial(proposal, reports, reason, judge.marks, timing)


def _trial(
    proposal: Proposal,
    reports: Sequence[Report],
    reason: str,
    marks: Mapping[str, float],
    timing: Timing,
) -> Trial:
    last = reports[-1]
    return Trial(
        number=proposal.number,
        params=proposal.params,
        distributions=proposal.distributions,
        seed=proposal.seed,
        state="PRUNED" if reason == "pruned" else "COMPLETE",
        stop_reason=reason,
        feasible=last.feasible,
        kept=last.kept or len(reports),
        scores=tuple(report.score + 0.0 for report in reports),  # a store turns -0.0 into 0.0
        metrics={
            name: tuple(float(report.metrics.get(name, nan)) for report in reports)
            for name in dict.fromkeys(name for report in reports for name in report.metrics)
        },
        attributes=last.attributes,
        detail=last.detail,
        marks=marks,
        timing=timing,
    )


def this_process() -> str:
    """This process, by machine and number."""
    return f"{platform.node()}:{os.getpid()}"
