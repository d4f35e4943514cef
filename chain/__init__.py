"""Python's view of the chain: artifacts, deployments, typed events, gateway, transaction sender.

May import: contracts.
"""

import importlib
import sys

# py_ecc, which eth_account brings, lets Python recurse a hundred times deeper than the stack of a
# thread reaches: from then on 200 KB of "[" from a stranger would end the process in json.loads.
_limit = sys.getrecursionlimit()
importlib.import_module("py_ecc")
sys.setrecursionlimit(_limit)
