"""From the chain to the tables: by block hash, safe against reorganisations and crashes."""

from backend.indexer.follow import POLL_SECONDS, Indexer
from backend.indexer.providers import Providers
from backend.indexer.reconcile import Reconciler
from backend.indexer.source import ChainReader, RpcInconsistent
from backend.indexer.status import LAG_LIMIT_BLOCKS, Progress, Status

__all__ = [
    "LAG_LIMIT_BLOCKS",
    "POLL_SECONDS",
    "ChainReader",
    "Indexer",
    "Progress",
    "Providers",
    "Reconciler",
    "RpcInconsistent",
    "Status",
]
