"""Logging to stderr: lines for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

# What every `LogRecord` has; anything else on one was given by `extra=` and is part of the message.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def visible(text: str) -> str:
    """A text of anybody's making as a terminal may have it: what would move the cursor, write to
    the clipboard or turn the line around is shown escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class TextFormatter(logging.Formatter):
    """One line for people, of which nothing looks like another message."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        shown = record.message
        record.message = visible(shown)
        try:
            return super().formatMessage(record)
        finally:
            record.message = shown


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message", ...extra, "error"?}`; time is UTC, ISO 8601."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def setup(level: str, format: str) -> None:
    """Log from `level` up in `format` ("text" or "json"); replaces an earlier set-up."""
    handler = logging.StreamHandler(sys.stderr)
    if format == "json":
        handler.setFormatter(JsonFormatter())
    else:
        pattern = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        handler.setFormatter(TextFormatter(pattern, datefmt="%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Libraries report every HTTP request at "info"; that drowns what a person looks for.
    for chatty in ("httpx", "httpcore", "web3", "urllib3", "asyncio", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))
