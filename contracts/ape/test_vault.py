"""Contract tests for ape: scripts/ape.sh runs them.

They run on ape's built-in chain (py-evm), another machine than anvil's and forge's.
"""

import ape
import pytest

ETHER = 10**18
DELAY = 1_000
NOBODY = "0x0000000000000000000000000000000000000000"


@pytest.fixture
def deployer(accounts):
    return accounts[0]


@pytest.fixture
def owner(accounts):
    return accounts[1]


@pytest.fixture
def identity(project, deployer):
    return deployer.deploy(project.IdentityRegistry)


@pytest.fixture
def vault(project, deployer, identity):
    profiles = deployer.deploy(project.ProfileRegistry, deployer)
    return deployer.deploy(
        project.StakeVault,
        identity,
        profiles,
        NOBODY,
        10,
        DELAY,
        5_000,
        NOBODY,
        deployer,
        deployer,
    )


@pytest.fixture
def agent(identity, vault, owner):
    identity.register(sender=owner)
    vault.stake(0, value=10 * ETHER, sender=owner)
    return 0


def test_agent_0__then_it_is_one(identity, vault, agent, owner):
    assert agent == 0
    assert identity.ownerOf(agent) == owner
    assert vault.stakeOf(agent).bonded == 10 * ETHER


def test_withdraw__when_unbonded__then_paid_once(chain, vault, agent, owner):
    vault.requestUnstake(agent, 4 * ETHER, sender=owner)
    with ape.reverts(vault.VaultStillUnbonding):
        vault.withdraw(agent, sender=owner)
    chain.pending_timestamp += DELAY
    before = owner.balance
    receipt = vault.withdraw(agent, sender=owner)

    assert owner.balance == before + 4 * ETHER - receipt.total_fees_paid
    with ape.reverts(vault.VaultNothingToWithdraw):
        vault.withdraw(agent, sender=owner)


def test_slash__when_above_the_cap__then_deferred(vault, agent, deployer, accounts):
    court = accounts[2]
    vault.wire([court], sender=deployer)
    vault.lock(agent, 9 * ETHER, b"round".ljust(32, b"\0"), sender=court)
    vault.release(agent, 9 * ETHER, 9 * ETHER, b"round".ljust(32, b"\0"), sender=court)

    assert vault.burned() == 5 * ETHER
    assert vault.deferredOf(agent) == 4 * ETHER


def test_lock__when_not_a_court__then_refused(vault, agent, owner):
    with ape.reverts(vault.VaultNotCourt):
        vault.lock(agent, 1, b"\0" * 32, sender=owner)
