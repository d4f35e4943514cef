"""Digests, profiles, tasks, engines and the verifier node (`verifier.node`, the daemon).

May import: contracts, chain. Only these do I/O: `verifier.node`, `verifier.engines`;
`atomic`, `files`, `plot` and `run` of `verifier.calibration`; `indexfile`, `items` and `storage` of
`verifier.similar`.
"""
