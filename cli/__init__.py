"""The `assay` command: one module per verb, and what it supervises (devnet, demo).

May import: contracts, chain, verifier, backend.
"""
