"""Bundles for tests, signed by a local chain's published test accounts."""

from dataclasses import replace

from chain.keys import local_signer
from verifier import reputation
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.epoch import Rules
from verifier.reliability.evidence import Anchor, Item
from verifier.reliability.transcript import Epoch, Published, recompute

CHAIN = 31337
ONE = reputation.OBSERVATION
DAY = 86_400
START = 1_700_000_000
ANCHOR = Anchor(CHAIN, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
RULES = Rules(reputation.Policy(half_life=30 * DAY), asker_cap=3 * ONE)
ASKERS = tuple(local_signer(index, CHAIN) for index in range(4))
DOMAIN, OTHER = b"\x0a" * 32, b"\x0b" * 32


def item(
    asker: int,
    source: int,
    contribution: int,
    query: int = 0,
    epoch: int = 1,
    domain: bytes = DOMAIN,
    anchor: Anchor = ANCHOR,
) -> Item:
    signer = ASKERS[asker]
    unsigned = Item(source, domain, signer.address, query.to_bytes(32, "big"), contribution, epoch)
    return replace(unsigned, signature=signer.sign_typed(unsigned.typed(anchor)))


def bundle(*items: Item, after: tuple[Bundle, Epoch] | None = None, days: int = 1) -> Bundle:
    """The first epoch's, or the one after another; items in any order."""
    if after is None:
        return Bundle(ANCHOR, 1, START, RULES, NO_ROOT, (), tuple(sorted(items)))
    before, found = after
    return Bundle(
        ANCHOR,
        before.epoch + 1,
        before.at + days * DAY,
        RULES,
        found.root,
        found.entries,
        tuple(sorted(items)),
    )


def closed(made: Bundle) -> tuple[Bundle, Epoch]:
    """A bundle with what follows from it, read back from its bytes as anybody would."""
    return made, recompute(Bundle.parse(made.to_bytes()))


def published(made: Bundle) -> Published:
    """What a chain on which it was anchored at once says of it."""
    return Published(made.anchor, made.epoch, made.at, made.previous_root)
