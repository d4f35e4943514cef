"""What each event does to the tables: pure functions of the event and the rows before it."""

from __future__ import annotations

from backend.indexer.rules import exams, identity, ledger, registries, rounds, sources, vault
from backend.indexer.rules.scope import Rules, Scope

RULES: Rules = {
    **identity.RULES,
    **vault.RULES,
    **rounds.RULES,
    **ledger.RULES,
    **registries.RULES,
    **exams.RULES,
    **sources.RULES,
}
"""Event class → rule. Events without one are kept as raw rows only."""

__all__ = ["RULES", "Rules", "Scope"]
