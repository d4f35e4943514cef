"""Writing a file whole or not at all, however the process ends."""

import os
import tempfile
from pathlib import Path

from verifier.errors import CalibrationError

__all__ = ["write_whole"]

PUBLIC = 0o644


def write_whole(path: Path, data: bytes) -> None:
    """Writes `data` beside `path` and puts it in place. CalibrationError where that fails."""
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        part.chmod(PUBLIC)
        part.replace(path)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise CalibrationError(
            f"The file {path} cannot be written: {error.strerror}; make room, or give another "
            "folder with --out."
        ) from None
