"""The report of a calibration, in Markdown."""

from collections.abc import Iterable, Sequence

from verifier.calibration.intervals import rule_of_three, trials_needed
from verifier.calibration.result import Committee, Errors, Rate, Result, Split, Variant

__all__ = ["markdown", "percent"]


def markdown(result: Result) -> str:
    """The page `report.md`; it shows `roc.png` from beside it."""
    recipe, split = result.recipe, result.held_out
    parts = [
        f"# Calibration of {recipe['name']}, version {recipe['version']}",
        f"Family `{recipe['family']}`, tolerance **{result.tolerance}**, profileId "
        f"`0x{result.profile_id.hex()}`.",
        _chosen(result),
        _judged(result),
        "## Errors",
        _errors(split),
        _reading(split),
        "![Distances and ROC](roc.png)",
        "## Variants",
        _variants(split, result.tolerance),
        "## What these trials can and cannot show",
        _limits(result),
    ]
    return "\n\n".join(parts) + "\n"


def percent(share: float) -> str:
    """A share as a percentage of three digits that matter, 0 being 0."""
    if share == 0:
        return "0"
    if share > 0.999 and share < 1:
        return f"{100 * share:.4f} %"
    return f"{100 * share:.3g} %"


def _chosen(result: Result) -> str:
    choice = result.choice
    if choice is None:
        return "The tolerance was given, not chosen here."
    limit = percent(result.limit)
    if not choice.limit_met:
        return (
            f"**No tolerance keeps false accepts of every goal variant at or below {limit}**: "
            "even identical digests occur more often than that. The figures are those of "
            "tolerance 0, and no profile was written."
        )
    where = "the calibration tasks" if result.calibration else "the tasks below"
    return (
        f"Chosen on {where}: from {choice.least} to {choice.most} one verifier accepts as many "
        f"honest claims as it can while accepting at most {limit} of any goal variant; "
        f"{result.tolerance} is the middle."
    )


def _judged(result: Result) -> str:
    split = result.held_out
    size = f"{split.tasks:,} tasks ({split.cases:,} cases), {_keys(result.keys)} each"
    if not result.separate:
        return f"**The figures are of the {size}, the same on which the tolerance was chosen.**"
    if result.calibration is None:
        return f"The figures are of {size}."
    return (
        f"The figures are of {size}, held out by the hash of their names; the tolerance was chosen "
        f"on {result.calibration.tasks:,} others."
    )


def _keys(count: int) -> str:
    return "one key" if count == 1 else f"{count} keys"


def _errors(split: Split) -> str:
    rows = [
        *_error_rows("dishonest claim accepted", split.false_accept),
        *_error_rows("honest claim not accepted", split.false_reject),
    ]
    head = ("error", "judged by", "rate", "of", "exact 95 %", "by task 95 %")
    return _table(head, rows, "llrrrr")


def _error_rows(name: str, errors: Errors) -> Iterable[Sequence[str]]:
    single = errors.single
    yield (name, "one verifier", *_rate_cells(single))
    rate, low, high = errors.independent
    yield ("", "two of three, if independent", percent(rate), "", _interval(low, high), "")
    if errors.measured is not None:
        yield ("", "two of three, as measured", *_rate_cells(errors.measured.error))


def _rate_cells(rate: Rate) -> tuple[str, str, str, str]:
    return (
        percent(rate.value),
        f"{rate.events:,} of {rate.pairs:,}",
        f"{_interval(*rate.exact)} ({rate.trial_events} of {rate.trials})",
        _interval(*rate.bootstrap),
    )


def _interval(low: float, high: float) -> str:
    return f"{percent(low)} – {percent(high)}"


def _reading(split: Split) -> str:
    text = (
        "Rates are over all keys and verifiers of the variants that count. The exact interval "
        "(Clopper–Pearson) is of one pair per task, which are independent; the other one draws "
        "whole tasks with replacement (bootstrap), and says nothing where nothing happened. "
        "“If independent” is the binomial of the rate above it."
    )
    verdicts = [
        f"of {name} claims {committee.accepted:,} were accepted, {committee.rejected:,} rejected "
        f"and {committee.inconclusive:,} inconclusive"
        for name, committee in (
            ("dishonest", split.false_accept.measured),
            ("honest", split.false_reject.measured),
        )
        if committee is not None
    ]
    return f"{text} By the contract's rule, {'; '.join(verdicts)}." if verdicts else text


def _variants(split: Split, tolerance: int) -> str:
    head = ("claim", "tasks", "pairs", "least", "1 %", "median", "99 %", "largest",
            f"within {tolerance}", "two of three accept")  # fmt: skip
    rows = [
        (
            _variant_name(variant),
            f"{variant.tasks:,}",
            f"{variant.pairs:,}",
            *(f"{quantile:.0f}" for quantile in variant.quantiles),
            f"{variant.within:,}",
            _accepts(variant.errors.measured),
        )
        for variant in split.variants
    ]
    table = _table(head, rows, "l" + "r" * 9)
    if all(variant.goal for variant in split.variants):
        return table
    return table + "\n\n(*) reported only: bears on no choice, and is not among the errors above."


def _variant_name(variant: Variant) -> str:
    kind = "honest" if variant.label == "same" else "dishonest"
    return f"{_escaped(variant.name)} ({kind}){'' if variant.goal else ' (*)'}"


def _accepts(committee: Committee | None) -> str:
    if committee is None:
        return "–"
    return f"{committee.accepted:,} of {committee.error.pairs:,}"


def _limits(result: Result) -> str:
    accept = result.held_out.false_accept.single
    reject = result.held_out.false_reject.single
    sentences = [
        "Pairs of one task share its outputs, so what counts as independent is the "
        f"{accept.trials:,} tasks with dishonest claims and the {reject.trials:,} with honest "
        "ones, however many pairs, keys and variants they give.",
        f"With no event in {accept.trials:,} trials a rate of up to "
        f"{percent(rule_of_three(accept.trials))} cannot be excluded (one-sided, 95 %; about "
        f"three by the number of trials). To show the limit of {percent(result.limit)} by "
        f"counting alone takes {trials_needed(result.limit):,} tasks without an event.",
        "That pairs of many keys stay far from the tolerance makes a much lower rate plausible, "
        "for these outputs; it is no proof for tasks, engines or cheats unlike those measured.",
    ]
    return " ".join(sentences)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    rule = ["---:" if side == "r" else "---" for side in align]
    lines = (head, rule, *rows)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\|*_`[]<>" else letter for letter in text)
