"""Digests, profiles, tasks, engines and the verifier node (`verifier.node`, the daemon).

May import: contracts, chain. Only `verifier.node` and `verifier.engines` do I/O.
"""
