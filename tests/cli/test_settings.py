"""One table of settings; flag over environment over assay.toml over default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chain.errors import ConfigError
from cli import settings, settings_docs
from cli.serve import networks
from cli.settings import SettingError

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def load(tmp_path: Path, toml: str = "", env: dict[str, str] | None = None, **flags: Any) -> Any:
    file = tmp_path / "assay.toml"
    file.write_text(toml)
    return settings.load(env or {}, file, **flags)


def test_load__when_nothing_is_given__then_defaults(tmp_path: Path) -> None:
    assert settings.load({}, tmp_path / "absent.toml") == settings.Settings()


def test_load__when_given_everywhere__then_flag_wins_then_environment_then_file(
    tmp_path: Path,
) -> None:
    toml, env = "port = 1\n", {"ASSAY_PORT": "2"}
    assert load(tmp_path, toml).port == 1
    assert load(tmp_path, toml, env).port == 2
    assert load(tmp_path, toml, env, port=3).port == 3
    assert load(tmp_path, toml, env, port=None).port == 2


def test_load__when_typed__then_paths_numbers_and_choices_come_as_such(tmp_path: Path) -> None:
    env = {"ASSAY_KEYSTORE": "~/key.json", "ASSAY_LOCAL_ACCOUNT": "7", "ASSAY_LOG_FORMAT": "json"}
    loaded = load(tmp_path, "", env)
    assert loaded.keystore == Path.home() / "key.json"
    assert (loaded.local_account, loaded.log_format) == (7, "json")


@pytest.mark.parametrize(
    ("toml", "env", "sentence"),
    [
        ("rpc = 'x'", {}, "there is no setting named rpc (in "),
        ("", {"ASSAY_RPC": "x"}, "there is no setting named rpc (in the environment)"),
        ("port = 'many'", {}, "port must be a number, not 'many' (in "),
        ("port = 1.5", {}, "port must be a number, not 1.5 (in "),
        ("port = true", {}, "port must be a number, not True (in "),
        ("", {"ASSAY_RPC_URL": ""}, "rpc_url must be a text, not '' (in the environment)"),
        ("engine = 'x'", {}, "engine must be one of builtin, openai, command, not 'x' (in "),
        ("keystore_password = 'x'", {}, "keystore_password is a secret and may not stand in "),
        ("port = ", {}, " is not valid TOML: "),
        ("keystore_password_file = '/nowhere/at/all'", {}, "cannot read /nowhere/at/all, which"),
    ],
)
def test_load__when_something_is_wrong__then_one_sentence_names_it(
    toml: str, env: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError) as caught:
        load(tmp_path, toml, env)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_secret__when_its_file_is_empty__then_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    with pytest.raises(SettingError, match="api_key_file names, is empty"):
        load(tmp_path, f"api_key_file = '{tmp_path / 'key'}'")


def test_secret__when_in_a_file__then_read_without_its_line_end_and_never_shown(
    tmp_path: Path,
) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    named = str(tmp_path / "password")
    for loaded, file in (
        (load(tmp_path, f"keystore_password_file = '{named}'"), Path(named)),
        (load(tmp_path, "", {"ASSAY_KEYSTORE_PASSWORD_FILE": named}), Path(named)),
        (load(tmp_path, "", {}, keystore_password_file=named), Path(named)),
        (load(tmp_path, "", {"ASSAY_KEYSTORE_PASSWORD": "correct horse"}), None),
    ):
        assert loaded.keystore_password == "correct horse"
        assert loaded.keystore_password.file == file
        assert "horse" not in repr(loaded)


def test_secret__when_given_as_itself_and_as_file__then_refused(tmp_path: Path) -> None:
    env = {"ASSAY_ENGINE_KEY": "x", "ASSAY_ENGINE_KEY_FILE": "y"}
    with pytest.raises(SettingError, match="engine_key and engine_key_file are both set"):
        load(tmp_path, "", env)


def test_table__then_every_setting_has_a_sentence_and_a_default_that_parses() -> None:
    for row in settings.TABLE.values():
        assert row.help.strip(), row.name
        if row.default is not None:
            loaded = settings.load({row.variable: str(row.default)}, Path("/nowhere"))
            assert getattr(loaded, row.name) == row.default


def test_docs__then_settings_md_is_what_the_table_says() -> None:
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == settings_docs.render(), (
        "stale: run `python -m cli.settings_docs > docs/settings.md`"
    )


def test_networks__when_balancers_are_listed__then_read_and_everybody_is_refused() -> None:
    assert networks(None) is None
    assert networks("10.0.0.5, 2001:db8::/32") == ("10.0.0.5", "2001:db8::/32")
    for text in ("*", "10.0.0.5,*", "0.0.0.0/0", "::/0", "balancer", "10.0.0.5/8"):
        with pytest.raises(ConfigError, match="no address or network of a balancer's"):
            networks(text)
