"""A sender's journal in the backend's database: shared by replicas, and kept by any of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from backend.errors import NonceOccupied
from backend.store import SignedAttempt, Store, Transaction
from chain.blocks import Call
from chain.fees import Fees
from chain.journal import Attempt, Entry, JobState
from chain.types import Address, TxHash, Wei


class StoreJournal:
    """Implements `chain.journal.Journal`. The database allows one live job per nonce."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, chain: str, job: str) -> Entry | None:
        with self._store.read() as session:
            row = session.get(Transaction, (chain, job))
            return None if row is None else _entry(row, _attempts(session.connection(), row))

    def open_entries(self, chain: str, signer: Address) -> list[Entry]:
        query = select(Transaction).where(
            Transaction.chain == chain,
            Transaction.signer == signer,
            Transaction.state == JobState.OPEN.value,
        )
        with self._store.read() as session:
            rows = session.scalars(query.order_by(Transaction.nonce)).all()
            return [_entry(row, _attempts(session.connection(), row)) for row in rows]

    def add(self, entry: Entry) -> None:
        """Records a job with its first attempt; replaces a dropped entry of the same job.

        Raises:
            NonceOccupied: another live job has this nonce, or the job has a live transaction.
        """
        dropped = delete(Transaction).where(
            Transaction.chain == entry.chain,
            Transaction.job == entry.job,
            Transaction.state == JobState.DROPPED.value,
        )
        try:
            with self._store.write() as connection:
                _forget_attempts(connection, entry)
                connection.execute(dropped)
                connection.execute(insert(Transaction).values(_columns(entry)))
                for position, attempt in enumerate(entry.attempts):
                    connection.execute(insert(SignedAttempt), _row(entry, position, attempt))
        except IntegrityError:
            raise NonceOccupied(
                f"{entry.call.label} was not signed: another replica uses nonce {entry.nonce}."
            ) from None

    def add_attempt(self, entry: Entry, attempt: Attempt) -> Entry:
        mine = (SignedAttempt.chain == entry.chain, SignedAttempt.job == entry.job)
        with self._store.write() as connection:
            last = connection.scalar(select(func.max(SignedAttempt.position)).where(*mine))
            position = 0 if last is None else last + 1
            connection.execute(insert(SignedAttempt), _row(entry, position, attempt))
        return replace(entry, attempts=(*entry.attempts, attempt))

    def close(self, entry: Entry, state: JobState, mined_hash: TxHash | None = None) -> None:
        with self._store.write() as connection:
            connection.execute(
                update(Transaction)
                .where(Transaction.chain == entry.chain, Transaction.job == entry.job)
                .values(state=state.value, mined_hash=mined_hash)
            )


def _forget_attempts(connection: Connection, entry: Entry) -> None:
    """Of a dropped entry only; SQLite does not follow foreign keys by itself."""
    dropped = select(Transaction.job).where(
        Transaction.chain == entry.chain, Transaction.state == JobState.DROPPED.value
    )
    connection.execute(
        delete(SignedAttempt).where(
            SignedAttempt.chain == entry.chain,
            SignedAttempt.job == entry.job,
            SignedAttempt.job.in_(dropped),
        )
    )


def _attempts(connection: Connection, row: Transaction) -> tuple[Attempt, ...]:
    query = (
        select(SignedAttempt)
        .where(SignedAttempt.chain == row.chain, SignedAttempt.job == row.job)
        .order_by(SignedAttempt.position)
    )
    return tuple(
        Attempt(TxHash(item.hash), item.raw, Fees(Wei(item.max_fee), Wei(item.priority_fee)))
        for item in connection.execute(query)
    )


def _entry(row: Transaction, attempts: tuple[Attempt, ...]) -> Entry:
    return Entry(
        job=row.job,
        chain=row.chain,
        signer=Address(row.signer),
        nonce=row.nonce,
        call=Call(
            to=None if row.call_to is None else Address(row.call_to),
            data=row.call_data,
            value=Wei(row.call_value),
            label=row.label,
        ),
        gas=row.gas,
        attempts=attempts,
        state=JobState(row.state),
        mined_hash=None if row.mined_hash is None else TxHash(row.mined_hash),
    )


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "chain": entry.chain,
        "job": entry.job,
        "signer": entry.signer,
        "nonce": entry.nonce,
        "call_to": entry.call.to,
        "call_data": entry.call.data,
        "call_value": entry.call.value,
        "label": entry.call.label,
        "gas": entry.gas,
        "state": entry.state.value,
        "mined_hash": entry.mined_hash,
    }


def _row(entry: Entry, position: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "chain": entry.chain,
        "job": entry.job,
        "position": position,
        "hash": attempt.transaction_hash,
        "raw": attempt.raw,
        "max_fee": attempt.fees.max_fee,
        "priority_fee": attempt.fees.priority_fee,
    }
