"""The verifier node: one process per agent that holds the agent's seats in rounds.

What there is, from the outside in:

    launch      `OpenNode`, `run_node`: a state folder → checked, running node
    daemon      `NodeDaemon`: the loop; `DaemonConfig`, `ExitCode`
    clerk       seats: finds them and carries out what `decide` says
    decide      the pure rule: stored record + what the chain says → next act
    seat        `Seat`: what a seat generates, digests, commits, opens and publishes
    appellant   appeals where the node was outvoted and is sure of its work
    settler     closes the accounts of seats in rounds that are over
    poker       draws and advances rounds in turn with the other nodes
    watcher     events into the store
    store       SQLite: every step is on disk before anything follows from it
    delivery    provider: generate, store, sign a receipt (`receipts`)
    config      node.toml; `statedir`: the folder and its lock

Other behaviour than the honest one comes from outside, by a factory of seats::

    class Silent(Seat):
        def open(self, produced: Produced, job: str) -> bool:
            return False                      # declines: not asked again in this process

    def factory(assignment: Assignment, tools: Toolbox) -> Seat:
        return Silent(assignment, tools) if ... else Seat(assignment, tools)

    run_node(StateDir(path), seat_factory=factory)

`assignment` says which seat of which round it is (`assignment.id.request_hash`, `.seat`, 255 for
the provider's; `assignment.round`, `.profile`, `.delivery`), `tools` has the signer, the sender and
the engines. What may be overridden: `generate() -> bytes`, `produce_digest(output) -> Produced`,
`abstain() -> Produced`, `commit(commitment, job) -> bool`, `open(produced, job) -> bool`,
`publish(output, job) -> bool`; `Seat` says what each is given and when it is called. Steps, their
order and their storage stay the daemon's, so an actor survives a crash as an honest node does. The
factory is called once per seat and process, when the seat first has something to do.
"""

from verifier.node.config import NodeConfig
from verifier.node.daemon import DaemonConfig, ExitCode, NodeDaemon
from verifier.node.engine_book import EngineBook, EngineConfig
from verifier.node.launch import OpenNode, run_node
from verifier.node.receipts import SignedReceipt
from verifier.node.records import SeatId, SeatRecord, Step
from verifier.node.seat import Assignment, Produced, Seat, SeatFactory, Toolbox, honest_seat
from verifier.node.statedir import StateDir
from verifier.node.store import Store

__all__ = [
    "Assignment",
    "DaemonConfig",
    "EngineBook",
    "EngineConfig",
    "ExitCode",
    "NodeConfig",
    "NodeDaemon",
    "OpenNode",
    "Produced",
    "Seat",
    "SeatFactory",
    "SeatId",
    "SeatRecord",
    "SignedReceipt",
    "StateDir",
    "Step",
    "Store",
    "Toolbox",
    "honest_seat",
    "run_node",
]
