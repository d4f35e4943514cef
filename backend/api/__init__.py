"""The REST API: FastAPI over the store and the artifact folder."""

from backend.api.access import Access, Bucket
from backend.api.app import create_app
from backend.api.context import Services

__all__ = ["Access", "Bucket", "Services", "create_app"]
