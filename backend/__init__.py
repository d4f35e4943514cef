"""Index of the chain, artifact store and REST API. Nothing it says has to be believed.

May import: contracts, chain, verifier.
"""
