"""From the outbox to the chain: one job, at most one nonce, at most one effect.

::

    queued ──► sent ──► mined ──► final
      │         │  ▲      │
      │         │  └──────┘ the block with it was reorganised away: the same bytes again
      │         └──► cancelled   it waited at the fee cap: its nonce went to a transfer of nothing
      └──► needless              the chain says that it is done already
      └──► failed                the contract refuses it

Every signed form is in the database before it is handed in, so a crash at any point is followed by
the same bytes, never by a second transaction.
"""

from backend.submitter.journal import StoreJournal
from backend.submitter.outbox import JobStatus, Outbox, Task
from backend.submitter.pokes import due_pokes
from backend.submitter.submit import Submitter

__all__ = ["JobStatus", "Outbox", "StoreJournal", "Submitter", "Task", "due_pokes"]
