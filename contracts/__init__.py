"""Solidity sources and, for Python, the compiled artifacts that ship with the package.

Imports nothing of Assay. `chain.artifacts` reads `contracts/artifacts/*.json`.
"""
