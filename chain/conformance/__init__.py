"""Whether contracts at given addresses do what ERC-8004 and ERC-8294 demand of them.

::

    surface ─ functions and events of the standards, written down      (data)
    stage ─── plays a scene of calls: simulated on the node, or for real
    scene ─── what a check does: calls, and what must come of them
    table ─── id, demand and scene of every check
    form, identity, reputation, validation, network, attested ─ the checks, one function each
    run ───── every check of the table → pass, fail or not applicable

A check plays a scene (agents are registered, rated, validated) and looks at what came of it. By
default the node simulates every scene (`eth_simulateV1`): nothing is sent and nothing is paid, on
any chain, for contracts that are anybody's.
"""
