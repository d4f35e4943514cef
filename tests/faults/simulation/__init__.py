"""The whole system under everything at once: a chain with reorganisations, nodes that lie and fail,
databases that fail, and processes that die anywhere, all from one seed.

`world` tells the story of a seed in one process, `truth` says at its end what must hold. A seed
that failed is told again by
`SEED=17 make test-python TESTS=tests/faults/simulation/test_simulation.py`.
"""
