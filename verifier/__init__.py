"""Digests, profiles, tasks, engines and the verifier node (`verifier.node`, the daemon).

May import: contracts, chain. Only `verifier.node`, `verifier.engines` and `atomic`, `files`,
`plot` and `run` of `verifier.calibration` do I/O.
"""
