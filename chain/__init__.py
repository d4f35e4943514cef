"""Python's view of the chain: artifacts, deployments, typed events, gateway, transaction sender.

May import: contracts.
"""
