"""What must hold at the end of a story, whatever went wrong in it: asked of the chain itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from backend.artifacts import ArtifactFiles, keep_contents
from backend.bundles import BundleChecker
from backend.indexer import Indexer, Status
from backend.store import Agent, Base, EpochRecord, RoundRecord, Store, dump
from backend.submitter import JobStatus, Outbox
from backend.submitter.submit import chain_name
from chain.epochs import PublishedEpoch, find_epoch
from chain.messages import evidence_domain
from chain.structs import Header
from tests.faults.simulation.players import PROFILE
from tests.faults.simulation.world import World
from verifier.canonical import canonical_json
from verifier.errors import ReliabilityError
from verifier.reliability.proof import ScoreProof
from verifier.reliability.reporter import verify_on_chain
from verifier.reliability.transcript import Published, examine
from verifier.reputation import BASIS_POINTS

Tables = dict[str, list[tuple[Any, ...]]]


def check(world: World) -> None:
    """Everything."""
    only_what_was_left_out_is_read_again(world)
    index_equals_the_chain(world)
    sources_equal_the_chain(world)
    views_equal_the_contracts(world)
    payments_happened_at_most_once(world)
    nonces_are_used_once(world)


def derived_anew(world: World, database: str) -> Tables:
    """The tables as an index makes them that saw nothing but the truth."""
    store = Store(database)
    store.open(world.stage.network.chain_id, world.stage.network.identity)
    try:
        catch_up(world, store)
        return settled(dump(store))
    finally:
        store.close()


def catch_up(world: World, store: Store) -> None:
    """An indexer without trouble, to the head."""
    network = world.stage.network
    indexer = Indexer(
        world.truth,
        store,
        first_block=network.first_block,
        emitters=list(network.contracts.values()),
        keep=partial(keep_contents, ArtifactFiles(world.folder / "anew")),
        status=Status(),
    )
    while indexer.step():
        pass
    BundleChecker(store, world.files, world.stage.evidence.anchor).step()


def settled(tables: Tables) -> Tables:
    """Tables without what may differ: finality may have been read a block earlier or later, and
    bundles checked of epochs that a reorganisation took."""
    claims = set(_column(tables, EpochRecord, "claim"))
    roots = set(_column(tables, EpochRecord, "root"))
    return {
        **tables,
        "cursor": [row[:4] for row in tables["cursor"]],
        "checked_bundles": [row for row in tables["checked_bundles"] if row[0] in claims],
        "source_entries": [row for row in tables["source_entries"] if row[0] in roots],
    }


def _column(tables: Tables, model: type[Base], name: str) -> list[Any]:
    table = Base.metadata.tables[model.__tablename__]
    place = table.columns.keys().index(name)
    return [row[place] for row in tables[table.name]]


def index_equals_the_chain(world: World) -> None:
    """The tables are those of an index made anew, and stay so when it is rebuilt.

    Also where a node left logs out, which no reader of logs can see: the contracts tell, and what
    is missing was read again.
    """
    anew = derived_anew(world, f"sqlite:///{world.folder / 'anew.sqlite3'}")
    with world.opened() as store:
        found = settled(dump(store))
        differing = [name for name in anew if found[name] != anew[name]]
        assert not differing, f"these tables differ: {differing}"
        whose = (world.stage.network.chain_id, world.stage.network.identity)
        store.forget_index(*whose)
        store.open(*whose)
        catch_up(world, store)
        assert settled(dump(store)) == anew, "a rebuild makes other tables"


def only_what_was_left_out_is_read_again(world: World) -> None:
    """Reading again heals mistakes of the index, too: they must not hide behind it."""
    repairs = world.indexer.status.snapshot().repairs
    assert world.lies or not repairs, f"read again {repairs} times, and no node had lied"


def sources_equal_the_chain(world: World) -> None:
    """What is served of each epoch follows from the bundles; the contract finds its proofs."""
    world.reader.turn()
    page = world.reader.ask("/v1/epochs")
    assert page is not None
    served = {epoch["epoch"]: epoch for epoch in page["items"]}
    assert len(served) == world.sources.clock().latest
    for number, epoch in served.items():
        at = find_epoch(world.truth, number)
        assert bytes.fromhex(epoch["root"][2:]) == at.header.root
        assert bytes.fromhex(epoch["previousRoot"][2:]) == at.previous_root
        assert (epoch["state"] == "rolledBack") == (not at.stands)
        assert epoch["bundle"]["state"] == evidence_of(world, at), number
        if epoch["state"] == "final" and epoch["bundle"]["state"] == "holds":
            proofs_hold(world, at.header)


def evidence_of(world: World, at: PublishedEpoch) -> str:
    """Whether the stored bundle of an epoch, if there is one, leads to its root."""
    kept = world.files.public(at.header.bundle_hash)
    if kept is None:
        return "missing"
    where = Published(
        world.stage.evidence.anchor,
        at.header.epoch,
        at.header.published_at,
        bytes(at.previous_root),
    )
    with kept.open("rb") as file:
        try:
            found = examine(file.read(), where)
        except ReliabilityError:
            return "false"
    return "holds" if found.root == at.header.root else "false"


def proofs_hold(world: World, header: Header) -> None:
    """Every score served of an epoch, shown to the contract."""
    listed = world.reader.ask(f"/v1/sources?epoch={header.epoch}")
    assert listed is not None
    assert listed["items"]
    for agent_id in {item["agentId"] for item in listed["items"]}:
        told = world.reader.ask(f"/v1/sources/{agent_id}?epoch={header.epoch}")
        assert told is not None
        for score in told["scores"]:
            proof = ScoreProof.parse(canonical_json(score["proof"]))
            assert verify_on_chain(world.truth, header, proof)


def views_equal_the_contracts(world: World) -> None:
    """Stakes, rounds and scores, as the contracts themselves have them."""
    world.reader.turn()
    at = world.truth.head().number
    call = partial(world.truth.call, block=at)
    with world.opened() as store, store.read() as session:
        for actor in world.stage.agents:
            row = session.get(Agent, actor.agent_id)
            stake = call("StakeVault", "stakeOf", actor.agent_id)
            assert row is not None
            assert (row.bonded, row.locked) == (stake.bonded, stake.locked)
        assert call("VerificationRounds", "roundCount") == session.query(RoundRecord).count()
        for name in world.standing():
            held = session.get(RoundRecord, name)
            told = call("VerificationRounds", "round", name)
            assert held is not None
            assert (held.phase, held.verdict) == (int(told.phase), int(told.verdict))
    for actor in world.stage.agents:
        compare_scores(world, actor.agent_id, call)


def compare_scores(world: World, agent_id: int, call: Any) -> None:
    """What the API says of an agent, and what the ledger says."""
    answer = world.reader.ask(f"/v1/agents/{agent_id}/reputation")
    assert answer is not None
    told = {score["role"]: score for score in answer["scores"]}
    for role in ("provider", "verifier"):
        domain = evidence_domain(PROFILE.profile_id, role)
        score = call("ReputationLedger", "scoreOf", agent_id, domain)
        found = told.get(role)
        mean = None if found is None else found["mean"]
        assert mean == (score.mean_bps / BASIS_POINTS if score.known else None)


def payments_happened_at_most_once(world: World) -> None:
    """Each payee has what its job was about, if the job says that it was done, else nothing."""
    with world.opened() as store:
        outbox = Outbox(store, chain_name(world.truth))
        for job, (payee, wei) in world.payments.items():
            task = outbox.get(job)
            assert task is not None
            done = task.status in (JobStatus.MINED, JobStatus.FINAL)
            has = int(world.truth.balance(payee))
            assert has == (wei if done else 0), (job, task.status, has)


def nonces_are_used_once(world: World) -> None:
    """The account has sent as many transactions as the chain counts, each to one end."""
    line, payer = world.line, world.stage.payer.address
    sent: list[int] = []
    for number in range(world.ground.newest.number + 1):
        block = line("eth_getBlockByNumber", hex(number), True)
        sent += [
            int(transaction["nonce"], 16)
            for transaction in block["transactions"]
            if transaction["from"].lower() == payer.lower()
        ]
    assert sent == list(range(len(sent)))
