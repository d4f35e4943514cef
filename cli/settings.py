"""Every setting of the `assay` command, in one table: the fields of `Settings`.

A value comes from the first place that has one: the flag (`--rpc-url`), the environment
(`ASSAY_RPC_URL`), `assay.toml` in the current directory (`rpc_url = "..."`), the default. A secret
has no flag of its own and may not stand in `assay.toml`; in both it is named by a file that holds
it (`--keystore-password-file`, `keystore_password_file = "..."`), and in the environment it is
given as itself or as a file (`ASSAY_KEYSTORE_PASSWORD` or `ASSAY_KEYSTORE_PASSWORD_FILE`).

`docs/settings.md` is generated from the table: `python -m cli.settings_docs`.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from chain.errors import ConfigError

SETTINGS_FILE = Path("assay.toml")
ENVIRONMENT_PREFIX = "ASSAY_"
# Variables with our prefix that switch something outside of this table.
OTHER_VARIABLES = frozenset({"ASSAY_ANVIL", "ASSAY_DEBUG"})


class SettingError(ConfigError):
    """A setting has a value that cannot be used, or a name that does not exist."""


class Secret(str):
    """Text that must not be shown: its `repr` hides it, so a log of settings is harmless.

    `file` is where it was read from, `None` when it was given as itself: what keeps a secret for
    later keeps the name of its file.
    """

    file: Path | None = None

    def __repr__(self) -> str:
        return "'***'"


def _setting(default: Any, help: str) -> Any:
    return dataclasses.field(default=default, metadata={"help": help})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """The table. Each field's type says how its text is read; `Secret` marks a secret."""

    rpc_url: str = _setting("http://127.0.0.1:8545", "JSON-RPC address of the chain")
    rpc_fallbacks: str | None = _setting(
        None, "further JSON-RPC addresses of the chain, comma-separated, used when the first fails"
    )
    deployment: Path = _setting(Path("deployment.json"), "deployment file: where the contracts are")
    keystore: Path | None = _setting(None, "keystore file (encrypted JSON) of the key to sign with")
    keystore_password: Secret | None = _setting(None, "password of the keystore")
    local_account: int | None = _setting(
        None, "sign with the well-known test key of this number (local chains only)"
    )
    state_dir: Path = _setting(Path(".assay"), "folder where a node keeps what must outlive it")
    metrics_address: str | None = _setting(
        None, "HOST:PORT on which a node tells its metrics (Prometheus)"
    )
    backend_url: str = _setting("http://127.0.0.1:8000", "REST address of a backend")
    relay: str | None = _setting(
        None,
        "REST address of a backend that posts a whole committee's commitments and openings at once:"
        " the node hands its own in there, and posts them itself at half of the window",
    )
    database: str = _setting("sqlite:///assay.sqlite3", "database of the backend (SQLAlchemy URL)")
    artifacts_dir: Path = _setting(Path("artifacts"), "folder where the backend keeps artifacts")
    artifacts_url: str | None = _setting(
        None, "bucket used instead of the folder: s3://BUCKET/FOLDER, or another URL of fsspec's"
    )
    foreign_uris: Literal["off", "public", "any"] = _setting(
        "off",
        "tasks and outputs behind http:, https: and ipfs: URIs that the backend fetches: none, "
        "those at public addresses, or all (local chains only)",
    )
    ipfs_gateway: str | None = _setting(
        None, "gateway through which ipfs: URIs are fetched, such as http://127.0.0.1:8080"
    )
    host: str = _setting("127.0.0.1", "address the backend listens on")
    port: int = _setting(8000, "port the backend listens on; 0 takes a free one")
    api_key: Secret | None = _setting(None, "key with which the operator writes to the backend")
    cors_origins: str | None = _setting(
        None, "origins whose pages may read the backend, comma-separated, or * for all"
    )
    trusted_proxies: str | None = _setting(
        None,
        "addresses or networks of balancers whose X-Forwarded-For is believed, comma-separated; "
        "by default this machine's own",
    )
    engine: Literal["builtin", "openai", "command"] = _setting(
        "builtin", "what generates: the built-in models, an OpenAI-compatible endpoint, a command"
    )
    engine_url: str | None = _setting(None, "address of the OpenAI-compatible endpoint")
    engine_key: Secret | None = _setting(None, "API key of the OpenAI-compatible endpoint")
    engine_command: str | None = _setting(None, "command that reads a task and writes its output")
    redis_url: str | None = _setting(
        None, "Redis that keeps a search index: redis://HOST:PORT/DATABASE, rediss:// for TLS"
    )
    redis_password: Secret | None = _setting(None, "password of the Redis")
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "least serious message that is logged"
    )
    log_format: Literal["text", "json"] = _setting("text", "logs for people or for machines")


@dataclasses.dataclass(frozen=True)
class Row:
    """One setting, as flags, documents and validation see it."""

    name: str
    kind: Any
    default: Any
    help: str

    @property
    def secret(self) -> bool:
        return self.kind is Secret

    @property
    def flag(self) -> str:
        """Long option on the command line; a secret's names a file."""
        return "--" + (self.name + "_file" if self.secret else self.name).replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def type_name(self) -> str:
        """The type in words a person can type: `text`, `number`, `path` or the choices."""
        if get_origin(self.kind) is Literal:
            return ", ".join(get_args(self.kind))
        return {int: "number", Path: "path"}.get(self.kind, "text")


def _kind(annotation: Any) -> Any:
    """`X` of `X` or `X | None`."""
    if get_origin(annotation) in (types.UnionType, typing.Union):
        (kind,) = (arm for arm in get_args(annotation) if arm is not types.NoneType)
        return kind
    return annotation


def _table() -> dict[str, Row]:
    hints = typing.get_type_hints(Settings)
    return {
        field.name: Row(field.name, _kind(hints[field.name]), field.default, field.metadata["help"])
        for field in dataclasses.fields(Settings)
    }


TABLE: Mapping[str, Row] = _table()


def flag(name: str) -> Any:
    """The command-line option of a setting, for `Annotated[str | None, flag("rpc_url")] = None`.

    Hand the parameter's value to `load(rpc_url=rpc_url)`; for a secret, annotate a parameter
    `keystore_password_file` and hand that over.
    """
    row = TABLE[name]
    help = f"File that holds: {row.help}" if row.secret else row.help[0].upper() + row.help[1:]
    metavar = "PATH" if row.secret else row.type_name.replace(", ", "|").upper()
    return typer.Option(row.flag, help=f"{help}.", metavar=metavar, show_default=False)


def load(
    environment: Mapping[str, str] | None = None,
    file: Path = SETTINGS_FILE,
    **flags: Any,
) -> Settings:
    """Settings in force. `flags` are values from the command line; `None` means not given.

    Raises `SettingError` with one sentence that names the setting and where it was set.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for place, given in (
        (f"in {file}", _read_file(file)),
        ("in the environment", _read_environment(environment)),
        (
            "on the command line",
            {name: value for name, value in flags.items() if value is not None},
        ),
    ):
        values |= _parse_all(given, place)
    return Settings(**values)


def _read_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            found = tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} is not valid TOML: {error}") from error
    for name in found:
        if name in TABLE and TABLE[name].secret:
            raise SettingError(
                f"{name} is a secret and may not stand in {file}: write it to a file of its own"
                f' and set {name}_file = "PATH"'
            )
    return found


def _read_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        variable.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for variable, value in environment.items()
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in OTHER_VARIABLES
    }


def _parse_all(given: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Typed values by setting name; `x_file` of a secret `x` is read here."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        target = name.removesuffix("_file")
        if target != name and target in TABLE and TABLE[target].secret:
            if target in given:
                raise SettingError(f"{target} and {name} are both set {place}: keep one of them")
            values[target] = _read_secret(name, value)
        elif name in TABLE:
            values[name] = _parse(TABLE[name], value, place)
        else:
            raise SettingError(
                f"there is no setting named {name} ({place}): the settings are {', '.join(TABLE)}"
            )
    return values


def _read_secret(name: str, value: Any) -> Secret:
    path = Path(str(value)).expanduser()
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingError(f"cannot read {path}, which {name} names: {reason}") from error
    if not text:
        # As a key of the operator's, the header without one would match it.
        raise SettingError(f"{path}, which {name} names, is empty: write the secret into it")
    secret = Secret(text)
    secret.file = path
    return secret


def _parse(row: Row, value: Any, place: str) -> Any:
    """`value`, as text or as TOML gives it, in the type of its row."""
    if get_origin(row.kind) is Literal:
        if value in get_args(row.kind):
            return value
    elif row.kind is int:
        try:
            if not isinstance(value, bool | float):
                return int(value)
        except (TypeError, ValueError):
            pass
    elif isinstance(value, str | Path) and str(value):
        return Path(value).expanduser() if row.kind is Path else row.kind(value)
    wanted = "one of " + row.type_name if get_origin(row.kind) is Literal else "a " + row.type_name
    shown = "(hidden)" if row.secret else repr(value)
    raise SettingError(f"{row.name} must be {wanted}, not {shown} ({place})")
