#!/usr/bin/env python3
"""What the gas of a relayed round of three is spent on, written to contracts/gas-parts.json.

    python scripts/gas_parts.py

Plays two rounds on a local chain, posted by a relayer, and takes the second one's transactions
apart step by step (debug_traceTransaction). scripts/gas_growth_page.py shows it.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chain import messages  # noqa: E402
from chain.blocks import TxReceipt  # noqa: E402
from chain.events import CommitteeDrawn, RoundSubmitted  # noqa: E402
from chain.structs import Batched, Opening  # noqa: E402
from chain.types import PROVIDER_SEAT, Bytes32  # noqa: E402
from cli.anvil import AnvilOptions  # noqa: E402
from tests.support.court import (  # noqa: E402
    EVIDENCE,
    LOCAL,
    OUTPUT,
    ROUNDS,
    Court,
    digest_of,
    open_court,
    task_uri,
)

OUT = ROOT / "contracts" / "gas-parts.json"
THREE = replace(LOCAL, committee_size=3, min_operators=3, appeal_window=0, audit_bps=0)
BASE = 21_000
NEW_SLOT = 20_000
PRECOMPILES = 10
PARTS = {
    "SLOAD": "reading slots",
    "LOG": "events",
    "EXTCODE": "calls",
    "CALL": "calls",
    "STATICCALL": "calls",
    "DELEGATECALL": "calls",
}
"""What an opcode, or how it begins, is counted as; any other is code."""

Found = Counter[tuple[str, str]]


def part_of(step: Mapping[str, Any], cost: int) -> str:
    """What a step's gas is spent on."""
    op = str(step["op"])
    if op == "SSTORE":
        return "new slots" if cost >= NEW_SLOT else "changed slots"
    if op.endswith("CALL") and int(step["stack"][-2], 16) < PRECOMPILES:
        return "signatures"
    return next((part for start, part in PARTS.items() if op.startswith(start)), "code")


def spent(steps: Sequence[Mapping[str, Any]], to: str) -> Found:
    """Gas by contract and part. A call's own is what the steps inside it do not account for."""
    found: Found = Counter()
    contracts = [to]
    calls: list[tuple[int, int]] = []  # the step, and the gas that its inside took
    for place, step in enumerate(steps):
        while len(contracts) > step["depth"]:
            contracts.pop()
            at, inside = calls.pop()
            whole = steps[at]["gas"] - step["gas"]
            found[contracts[-1], "calls"] += whole - inside
            if calls:
                calls[-1] = (calls[-1][0], calls[-1][1] + whole)
        after = steps[place + 1] if place + 1 < len(steps) else None
        if after is not None and after["depth"] > step["depth"]:
            contracts.append("0x" + step["stack"][-2][2:].rjust(40, "0")[-40:].lower())
            calls.append((place, 0))
            continue
        stays = after is not None and after["depth"] == step["depth"]
        cost = step["gas"] - after["gas"] if after is not None and stays else step["gasCost"]
        if calls:
            calls[-1] = (calls[-1][0], calls[-1][1] + cost)
        found[contracts[-1], part_of(step, cost)] += cost
    return found


def taken_apart(court: Court, receipt: TxReceipt) -> tuple[Counter[str], Counter[str]]:
    """A transaction's gas by part, and by contract.

    Raises:
        SystemExit: the parts are not the whole.
    """
    name = "0x" + bytes(receipt.transaction_hash).hex()
    sent = court.control("eth_getTransactionByHash", name)
    trace = court.control("debug_traceTransaction", name, {"disableStorage": True})
    names = {str(c.address).lower(): n for n, c in court.deployment.contracts.items()}
    data = bytes.fromhex(sent["input"][2:])
    parts = Counter({"transaction": BASE, "calldata": sum(16 if byte else 4 for byte in data)})
    contracts: Counter[str] = Counter({"transactions and calldata": parts.total()})
    for (contract, part), gas in spent(trace["structLogs"], sent["to"].lower()).items():
        parts[part] += gas
        # A profile is the code of a contract that has no name.
        contracts[names.get(contract, "ProfileRegistry")] += gas
    if parts.total() != receipt.gas_used:
        raise SystemExit(f"{parts.total()} of {receipt.gas_used} gas are accounted for.")
    return parts, contracts


def played(court: Court, task: bytes) -> Iterator[tuple[str, TxReceipt]]:
    """A round that is accepted and published, all by transactions of a relayer and the provider."""
    receipt, salt = court.receipt(task)
    signed = messages.sign_receipt(receipt, court.deployment.court, court.provider.signer)
    arguments = (receipt, signed, task_uri(receipt), bytes(32))
    mined = court.client.send("Router", "verify", *arguments, value=court.profile.fee)
    name = mined.one(RoundSubmitted).request_hash
    yield "submit", mined
    court.control.mine(3)
    mined = court.client.send(ROUNDS, "draw", name)
    yield "draw", mined
    drawn = mined.one(CommitteeDrawn)
    claim = Bytes32(digest_of(drawn.key, OUTPUT))
    entries, openings = [], []
    for seat in (*range(len(drawn.agent_ids)), PROVIDER_SEAT):
        agent = court.holder(drawn, seat)
        secret = court.salt(drawn, seat)
        bound = (name, 0, drawn.key, agent.agent_id, claim, EVIDENCE, secret)
        commitment = messages.commitment(court.deployment.court, *bound)
        place = (name, 0, seat, agent.agent_id, drawn.key, commitment)
        entries.append(messages.sign_commitment(agent.signer, court.deployment.court, *place))
        openings.append(Opening(seat, claim, EVIDENCE, secret))
    yield "commitMany", court.client.send(ROUNDS, "commitMany", name, 0, entries)
    batch = [Batched(entry.seat, entry.commitment) for entry in entries]
    yield "openMany", court.client.send(ROUNDS, "openMany", name, 0, openings, batch)
    yield "publish", court.publish(name, receipt, salt)
    yield "settleThree", court.settle(drawn)


def main() -> None:
    options = AnvilOptions(block_time=0, steps=True)
    result: dict[str, Any] = {"schema": "assay/gas-parts/1", "calls": {}, "contracts": {}}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_court(Path(folder), options, THREE) as court,
    ):
        court.control.pass_time(THREE.epoch_length)
        list(played(court, b"slots that were zero"))
        for step, mined in played(court, b"what agents pay from then on"):
            parts, contracts = taken_apart(court, mined)
            result["calls"][step] = dict(sorted(parts.items()))
            result["contracts"][step] = dict(sorted(contracts.items()))
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
