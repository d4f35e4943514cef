"""The REST API: what the index holds, with everything needed to check it elsewhere."""

from backend.api.app import create_app
from backend.api.context import Services

__all__ = ["Services", "create_app"]
