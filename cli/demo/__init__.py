"""`assay demo`: the whole path in one command, on a local chain, with real processes and models.

    world.py      brings it up: chain, contracts, backend, agents, one process per node
    story.py      what happens in each round: a table
    works.py      how each provider makes what it delivers, honestly or not
    actors.py     the seats that misbehave; `actor.py` is the process that hosts them
    director.py   runs the stories, up to four at a time, and narrates them
    checks.py     what must have happened to verdicts and reputations
    report.py     tables for people, JSON for machines

Dishonesty lives here and nowhere else: the daemon in `verifier.node` has no switch for it. A node
of the demo is that same daemon with a seat factory which looks up, after the draw, whether the seat
it was just given has a part to play.
"""
