"""Where an index lives: in this process, or in a Redis that many processes share.

datasketch has both behind one interface (`storage_config`); here are what configures it, and the
sentence for a Redis that does not answer.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from verifier.errors import SimilarError

__all__ = ["MEMORY", "RedisStorage", "Storage", "new_name"]

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60
RETRIES = 1  # of a connection that broke; a Redis that is down is said to be down at once
CHUNK = 1000
DEFAULT_PORT = 6379
SCHEMES = {"redis": False, "rediss": True}  # whether by TLS


class Storage:
    """The memory of this process."""

    def config(self) -> dict[str, Any]:
        """What datasketch calls `storage_config`."""
        return {"type": "dict"}

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Makes one sentence of what may go wrong within."""
        yield

    def drop(self, tables: Iterable[Any]) -> None:
        """Removes all keys of datasketch's `tables`."""
        with self.answering():
            for table in tables:
                keys = list(table.keys())
                for first in range(0, len(keys), CHUNK):
                    table.remove(*keys[first : first + CHUNK])


MEMORY = Storage()


@dataclass(frozen=True, slots=True)
class RedisStorage(Storage):
    """A Redis that many processes share.

    url: redis://[USER@]HOST[:PORT][/DATABASE], rediss:// for TLS; name: what all keys begin with.
    """

    url: str
    name: str
    password: str | None = field(default=None, repr=False)

    def config(self) -> dict[str, Any]:
        """What datasketch calls `storage_config`; SimilarError for a URL that is none."""
        return {
            "type": "redis",
            "basename": self.name.encode(),
            "redis": {
                **_parse(self.url),
                "password": self.password,
                "socket_connect_timeout": CONNECT_SECONDS,
                "socket_timeout": ANSWER_SECONDS,
                "retry": Retry(NoBackoff(), RETRIES),
            },
        }

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Makes one sentence of what a Redis may do within."""
        try:
            yield
        except redis.RedisError as error:
            what = " ".join(str(error).split()) or type(error).__name__
            raise SimilarError(
                f"The Redis at {self.url} does not serve the index ({what}): see that it runs, "
                "has room, and that redis_password is right."
            ) from None


def new_name() -> str:
    """A name that no other index in a Redis has."""
    return f"assay:similar:{secrets.token_hex(8)}"


def _parse(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port, database = parts.port or DEFAULT_PORT, int(parts.path.strip("/") or 0)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in SCHEMES or not parts.hostname or parts.query or parts.fragment:
        raise SimilarError(
            f"{url!r} is no address of a Redis: it looks like redis://127.0.0.1:6379/0."
        )
    if parts.password is not None:
        raise SimilarError(
            "The address of the Redis holds a password, which would be written into the index: "
            "leave it out and give it as redis_password."
        )
    return {
        "host": parts.hostname,
        "port": port,
        "db": database,
        "username": parts.username,
        "ssl": SCHEMES[parts.scheme],
    }
