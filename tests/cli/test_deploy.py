"""`assay deploy` as a person uses it; the command runs within the test's process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account

from chain import deployment as deployments
from cli import main
from cli.anvil import Anvil, AnvilOptions, start_anvil

pytestmark = pytest.mark.integration

Said = tuple[int, str, str]
Assay = Callable[..., Said]


@pytest.fixture
def assay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Assay:
    """Runs a command line in the test's folder: (exit status, standard output, error output)."""
    monkeypatch.chdir(tmp_path)
    for name in ("ASSAY_RPC_URL", "ASSAY_DEPLOYMENT", "ASSAY_KEYSTORE", "ASSAY_LOCAL_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Said:
        status = main.run(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Anvil]:
    """A chain whose id is not a local one."""
    with start_anvil(tmp_path / "anvil.log", AnvilOptions(chain_id=8453, block_time=0)) as chain:
        yield chain


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    """The first test key, encrypted; its password is in a file beside it."""
    key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # well-known
    file = tmp_path / "keystore.json"
    file.write_text(json.dumps(Account.encrypt(key, "right", kdf="pbkdf2", iterations=1)))
    (tmp_path / "password").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    return file


def test_deploy__when_done_again__then_there_is_nothing_left_to_do(
    assay: Assay, anvil: Anvil, tmp_path: Path
) -> None:
    first = assay("deploy", "--rpc-url", anvil.url)
    again = assay("deploy", "--rpc-url", anvil.url, "--json")
    dry = assay("deploy", "--rpc-url", anvil.url, "--dry-run", "--json")

    assert first[0] == again[0] == dry[0] == 0
    assert "StakeVault deployed at 0x" in first[1]
    assert json.loads(again[1]) == json.loads((tmp_path / "deployment.json").read_text())
    assert "stands at" in again[2]
    assert json.loads(dry[1]) == {
        "chainId": anvil.chain_id,
        "steps": [],
        "gas": 0,
        "costWei": "0",
    }


def test_deploy__when_run_dry__then_it_says_what_it_would_cost(
    assay: Assay, anvil: Anvil, tmp_path: Path
) -> None:
    status, out, _ = assay("deploy", "--rpc-url", anvil.url, "--dry-run")

    assert status == 0
    assert "deploy VerificationRounds" in out
    assert "register profile text-minhash-smollm2" in out
    assert out.splitlines()[-1].startswith("at most ")
    assert not (tmp_path / "deployment.json").exists()


def test_deploy__when_the_chain_is_public__then_it_wants_a_key_and_a_yes(
    assay: Assay, public: Anvil, keystore: Path, tmp_path: Path
) -> None:
    base = ["deploy", "--rpc-url", public.url]
    key = ["--keystore", str(keystore), "--keystore-password-file"]
    refusals = [
        (base, "No key to sign with"),
        ([*base, "--local-account", "0"], "refused on chain 8453"),
        ([*base, "--keystore", str(keystore)], "needs its password"),
        ([*base, *key, "password", "--local-account", "0"], "keep one of them"),
        ([*base, *key, "wrong"], "password does not open"),
        ([*base, *key, "password"], "deploying costs money there"),
    ]
    for arguments, sentence in refusals:
        status, _, err = assay(*arguments)
        assert (status, sentence in err, err.count("\n")) == (1, True, 1), err
    assert not (tmp_path / "deployment.json").exists()

    status, _, err = assay(*base, *key, "password", "--yes")

    assert status == 0, err
    written = deployments.load(tmp_path / "deployment.json")
    assert (written.chain_id, written.parameters["epoch_length"]) == (8453, 3600)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rpc-url", "http://127.0.0.1:9"], "Nothing answers at http://127.0.0.1:9"),
        (["--rpc-url", "127.0.0.1"], "The RPC URL must look like"),
    ],
)
def test_deploy__when_the_rpc_url_is_wrong__then_one_sentence(
    arguments: list[str], sentence: str, assay: Assay
) -> None:
    status, _, err = assay("deploy", *arguments)

    assert status == 1
    assert err.startswith(f"assay: {sentence}")
    assert err.count("\n") == 1


def test_deploy__when_asked_for_nonsense__then_one_sentence(assay: Assay, anvil: Anvil) -> None:
    base = ["deploy", "--rpc-url", anvil.url]

    preset = assay(*base, "--preset", "fast")
    address = assay(*base, "--identity-registry", "0x12")

    assert preset == (1, "", "assay: There is no preset 'fast'; known are local, public.\n")
    assert address[0] == 1
    assert address[2].startswith("assay: '0x12' is not an address:")


def test_deploy__when_the_public_registries_are_wanted__then_they_must_be_there(
    assay: Assay, anvil: Anvil
) -> None:
    base = ("deploy", "--rpc-url", anvil.url, "--dry-run")

    absent = assay(*base, "--canonical", "testnet")
    unknown = assay(*base, "--canonical", "moon")

    assert absent[0] == unknown[0] == 1
    assert "0x8004A818BFB912233c491871b3d84c89A494BD9e, which should be the Ident" in absent[2]
    assert "There are no canonical registries for 'moon': say mainnet or testnet" in unknown[2]
