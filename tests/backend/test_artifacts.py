"""Artifacts: content-addressed, sealed until published, nobody else's to write."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from backend.api import artifacts as artifacts_api
from backend.api import create_app
from backend.artifacts import ArtifactFiles
from backend.artifacts import files as files_module
from backend.errors import ArtifactConflict, ArtifactError, ArtifactTooLarge, IndexContradiction
from chain.events import FlagsOpened, OutputPublished, OutputReferenced, RoundSubmitted
from chain.keys import Signer
from chain.messages import Court, content_hash, sign_receipt
from chain.structs import Receipt
from chain.types import AgentId, Bytes32, ProfileId
from tests.backend.conftest import World
from tests.backend.stories import (
    OUTPUT,
    OUTPUT_HASH,
    PROFILE_ID,
    SALT,
    TASK,
    accepted_round,
    submitted,
)
from tests.support.asgi import AsgiClient
from tests.support.fakechain import address, emit, word
from verifier.canonical import keccak256
from verifier.seal import seal, unseal
from verifier.tasks import MAX_TASK_BYTES

pytestmark = pytest.mark.unit

PROVIDER_KEY = Signer(Account.from_key(word("a key of this test")))
SEALED = seal(OUTPUT, SALT)


def receipt(**changes: Any) -> Receipt:
    fields: dict[str, Any] = {
        "client": address("client"),
        "agent_id": AgentId(0),
        "profile_id": ProfileId(PROFILE_ID),
        "task_hash": Bytes32(TASK.hash()),
        "output_hash": OUTPUT_HASH,
        "deadline": int(time.time()) + 3600,
    }
    return Receipt(**(fields | changes))


def as_json(signed: Receipt) -> str:
    return json.dumps(
        {
            "client": signed.client,
            "agentId": str(signed.agent_id),
            "profileId": "0x" + signed.profile_id.hex(),
            "taskHash": "0x" + signed.task_hash.hex(),
            "outputHash": "0x" + signed.output_hash.hex(),
            "deadline": signed.deadline,
        }
    )


def headers(world: World, signed: Receipt, court: Court | None = None) -> dict[str, str]:
    signature = sign_receipt(signed, court or world.network.court, PROVIDER_KEY)
    return {
        "Content-Type": "application/octet-stream",
        "Assay-Receipt": as_json(signed),
        "Assay-Signature": "0x" + signature.hex(),
    }


def upload(client: AsgiClient, world: World, body: bytes = SEALED, **changes: Any) -> Any:
    return client.post("/v1/artifacts", content=body, headers=headers(world, receipt(**changes)))


@pytest.fixture
def provider(world: World) -> World:
    """The world, where the test's key acts for agent 0."""
    world.authorised.add((AgentId(0), PROVIDER_KEY.address))
    world.catch_up()
    return world


def link(digest: bytes) -> str:
    return f"/v1/artifacts/0x{digest.hex()}"


# ------------------------------------------------------------------ sealed outputs


def test_sealed__when_uploaded__then_unreadable_until_published(
    provider: World, client: AsgiClient
) -> None:
    stored = upload(client, provider)
    assert stored.status_code == 201
    assert stored.json()["kind"] == "sealed"
    assert stored.json()["hash"] == "0x" + OUTPUT_HASH.hex()
    for path in (link(OUTPUT_HASH), link(OUTPUT_HASH) + "?sealed=true"):
        refused = client.get(path)
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "artifact_sealed"
    assert client.get(link(content_hash(OUTPUT))).status_code == 404
    accepted_round(provider.chain, word("one"))
    provider.catch_up()
    redirect = client.get(link(OUTPUT_HASH))
    assert redirect.status_code == 307
    plain = client.get(redirect.headers["location"])
    assert plain.content == OUTPUT
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert client.get(link(OUTPUT_HASH) + "?sealed=true").content == SEALED


def test_sealed__when_uploaded_twice__then_the_same_bytes_only(
    provider: World, client: AsgiClient
) -> None:
    assert upload(client, provider).status_code == 201
    assert upload(client, provider).status_code == 201
    other = upload(client, provider, seal(b"other", SALT))
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "artifact_conflict"


def test_sealed__when_another_agent_takes_the_hash__then_the_providers_copy_is_served(
    provider: World, client: AsgiClient
) -> None:
    provider.authorised.add((AgentId(5), PROVIDER_KEY.address))
    assert upload(client, provider, seal(b"rubbish", SALT), agent_id=AgentId(5)).status_code == 201
    assert upload(client, provider).status_code == 201
    accepted_round(provider.chain, word("one"))
    provider.catch_up()
    assert client.get(link(OUTPUT_HASH) + "?sealed=true").content == SEALED


def referenced(world: World, name: str, output_hash: bytes, uri: str) -> None:
    """A round of agent 0 that published OUTPUT at a URI."""
    world.chain.mine(*submitted(word(name), output_hash))
    world.chain.mine(
        emit(OutputReferenced, word(name), content_hash(OUTPUT), SALT, uri),
        emit(FlagsOpened, word(name), world.chain.blocks[-1].timestamp + 60),
    )


def test_sealed__when_only_a_stranger_sealed_something__then_the_provider_is_told(
    provider: World, client: AsgiClient
) -> None:
    """Rubbish under its hash must not pass for its own copy, or it would refer to nothing."""
    provider.authorised.add((AgentId(5), PROVIDER_KEY.address))
    assert upload(client, provider, seal(b"rubbish", SALT), agent_id=AgentId(5)).status_code == 201
    held = [client.get(f"{link(OUTPUT_HASH)}?sealedBy={agent}").status_code for agent in (0, 5)]
    assert held == [404, 409]
    assert upload(client, provider).status_code == 201
    assert client.get(f"{link(OUTPUT_HASH)}?sealedBy=0").status_code == 409
    assert client.get(f"{link(OUTPUT_HASH)}?sealedBy=x").status_code == 422


def test_referenced__when_the_same_output_was_published_before_unsealed__then_served_all_the_same(
    provider: World, client: AsgiClient
) -> None:
    """Another round with the same contents hides nobody's copy."""
    referenced(provider, "nothing here", word("another output"), "assay:x")
    referenced(provider, "sealed here", OUTPUT_HASH, "assay:x")
    provider.catch_up()
    assert client.get(link(content_hash(OUTPUT))).status_code == 404
    assert upload(client, provider).status_code == 201
    assert client.get(link(content_hash(OUTPUT))).content == OUTPUT


def test_referenced__when_the_sealed_copy_is_of_other_bytes__then_404(
    provider: World, client: AsgiClient
) -> None:
    referenced(provider, "one", OUTPUT_HASH, "assay:x")
    provider.catch_up()
    assert upload(client, provider, seal(b"not what was promised", SALT)).status_code == 201
    assert client.get(link(content_hash(OUTPUT))).status_code == 404


def test_referenced__when_rubbish_is_asked_for_again_and_again__then_opened_once(
    provider: World, client: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def opening(data: bytes, salt: bytes) -> bytes:
        opened.append(1)
        return unseal(data, salt)

    monkeypatch.setattr(artifacts_api, "unseal", opening)
    referenced(provider, "one", OUTPUT_HASH, "assay:x")
    provider.catch_up()
    assert upload(client, provider, seal(b"rubbish", SALT)).status_code == 201
    for _ in range(3):
        assert client.get(link(content_hash(OUTPUT))).status_code == 404
    assert len(opened) == 1


def test_referenced__when_this_server_fetches_nothing__then_it_says_so_and_not_that_it_is_missing(
    provider: World, client: AsgiClient
) -> None:
    """A judge's node takes 404 for the provider's fault."""
    referenced(provider, "one", OUTPUT_HASH, "https://host.example/output")
    provider.catch_up()
    assert client.get(link(content_hash(OUTPUT))).status_code == 502
    fetching = AsgiClient(create_app(replace(provider.services(), fetches=True)))
    assert fetching.get(link(content_hash(OUTPUT))).status_code == 404


def test_sealed__when_signed_by_a_stranger__then_403(world: World, client: AsgiClient) -> None:
    world.catch_up()
    refused = upload(client, world)
    assert refused.status_code == 403
    assert "does not act for agent 0" in refused.json()["error"]["message"]
    assert client.get(link(OUTPUT_HASH)).status_code == 404


def test_sealed__when_signed_for_another_chain_or_court__then_403(
    provider: World, client: AsgiClient
) -> None:
    for court in (Court(1, provider.network.court.rounds), Court(31337, address("other"))):
        refused = client.post(
            "/v1/artifacts", content=SEALED, headers=headers(provider, receipt(), court)
        )
        assert refused.status_code == 403


def test_sealed__when_the_receipt_is_for_another_output__then_403_for_this_signature(
    provider: World, client: AsgiClient
) -> None:
    good = headers(provider, receipt())
    good["Assay-Receipt"] = as_json(receipt(output_hash=word("else")))
    assert client.post("/v1/artifacts", content=SEALED, headers=good).status_code == 403


def test_sealed__when_the_receipt_is_over__then_403(provider: World, client: AsgiClient) -> None:
    refused = upload(client, provider, deadline=int(time.time()) - 1)
    assert refused.status_code == 403
    assert "expired" in refused.json()["error"]["message"]


def test_sealed__when_it_is_plaintext__then_422_and_not_kept(
    provider: World, client: AsgiClient
) -> None:
    refused = upload(client, provider, OUTPUT)
    assert refused.status_code == 422
    assert "not a sealed output" in refused.json()["error"]["message"]
    assert client.get(link(OUTPUT_HASH)).status_code == 404


def test_sealed__when_too_large__then_413_and_nothing_is_left(
    provider: World, client: AsgiClient, tmp_path: Path
) -> None:
    provider.files.max_bytes = len(SEALED) - 1
    assert upload(client, provider).status_code == 413
    assert client.get(link(OUTPUT_HASH)).status_code == 404
    assert list(tmp_path.rglob("partial/*")) == []


def test_sealed__when_the_disk_is_full__then_507(
    provider: World, client: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "RESERVE_BYTES", 2**80)
    assert upload(client, provider).status_code == 507


def test_index__when_uploads_have_filled_the_disk__then_it_goes_on(
    world: World, client: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "RESERVE_BYTES", 2**80)
    accepted_round(world.chain, word("one"))
    world.catch_up()
    assert client.get(link(content_hash(OUTPUT))).content == OUTPUT
    refused = client.post(
        "/v1/artifacts", content=TASK.canonical(), headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == 507


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Assay-Receipt", "{}"),
        ("Assay-Receipt", "[" * 5000),
        ("Assay-Receipt", '{"agentId": 1e99}'),
        ("Assay-Receipt", as_json(receipt()).replace("0x", "", 1)),
        ("Assay-Receipt", as_json(receipt()).replace('"0"', '"-1"')),
        ("Assay-Receipt", as_json(receipt()).replace('"0"', "true")),
        ("Assay-Signature", "0x12"),
        ("Assay-Signature", "zz"),
        ("Assay-Signature", "0x" + "ff" * 65),
        ("Content-Type", "text/html"),
    ],
)
def test_sealed__when_a_header_is_wrong__then_422_in_one_sentence(
    provider: World, client: AsgiClient, header: str, value: str
) -> None:
    refused = client.post(
        "/v1/artifacts", content=SEALED, headers=headers(provider, receipt()) | {header: value}
    )
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "artifact_invalid"


@pytest.mark.parametrize("missing", ["Assay-Receipt", "Assay-Signature", "Content-Type"])
def test_sealed__when_a_header_is_missing__then_422(
    provider: World, client: AsgiClient, missing: str
) -> None:
    given = headers(provider, receipt())
    del given[missing]
    assert client.post("/v1/artifacts", content=SEALED, headers=given).status_code == 422


def test_sealed__when_the_body_does_not_end__then_408(
    provider: World, client: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield SEALED
        await asyncio.sleep(30)

    monkeypatch.setattr(artifacts_api, "UPLOAD_SECONDS", 0.05)
    given = headers(provider, receipt())
    refused = client.post("/v1/artifacts", content=drip(), headers=given)
    assert refused.status_code == 408
    assert refused.headers["connection"] == "close"
    assert client.get(link(OUTPUT_HASH)).status_code == 404


# ------------------------------------------------------------------ tasks


def test_task__when_posted__then_kept_in_canonical_form_under_its_hash(
    client: AsgiClient,
) -> None:
    spaced = json.dumps(TASK.as_json(), indent=4)
    stored = client.post(
        "/v1/artifacts", content=spaced, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert stored.status_code == 201
    assert stored.json()["hash"] == "0x" + TASK.hash().hex()
    found = client.get(stored.json()["artifact"])
    assert found.content == TASK.canonical()
    assert found.headers["cache-control"].endswith("immutable")
    assert found.headers["etag"] == f'"{TASK.hash().hex()}"'


@pytest.mark.parametrize("body", ["", "[]", "{}", "nonsense", "\x00", '{"schema":"assay/task/2"}'])
def test_task__when_it_is_none__then_422(client: AsgiClient, body: str) -> None:
    refused = client.post(
        "/v1/artifacts", content=body, headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "artifact_invalid"


def test_task__when_too_large__then_413(client: AsgiClient) -> None:
    refused = client.post(
        "/v1/artifacts",
        content=b" " * (MAX_TASK_BYTES + 1),
        headers={"Content-Type": "application/json"},
    )
    assert refused.status_code == 413


def test_task__when_its_uri_does_not_match_the_hash__then_the_round_goes_on_without(
    world: World, client: AsgiClient
) -> None:
    honest = submitted(word("one"))[-1]

    def lying(log: Any) -> Any:
        event = honest(log)
        assert isinstance(event, RoundSubmitted)
        return RoundSubmitted(**(vars(event) | {"task_hash": word("another task")}))

    world.chain.mine(*submitted(word("one"))[:-1], lying)
    world.catch_up()
    body = client.get("/v1/rounds/0x" + word("one").hex()).json()
    assert body["task"]["artifact"] is None
    assert client.get(link(word("another task"))).status_code == 404


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("name", ["..", "../../etc/passwd", "%2e%2e%2f", "0x..", "ab" * 32, "0x"])
def test_read__when_the_name_is_no_hash__then_refused(client: AsgiClient, name: str) -> None:
    answer = client.get(f"/v1/artifacts/{name}")
    assert answer.status_code in (404, 405, 422)
    assert set(answer.json()) == {"error"}


def test_read__when_a_browser_could_run_it__then_it_gets_a_harmless_type(
    client: AsgiClient, world: World
) -> None:
    page = world.files.keep(b"<script>alert(1)</script>")
    assert client.get(link(page)).headers["content-type"].startswith("text/plain")
    binary = world.files.keep(bytes(range(128, 256)) * 8)
    assert client.get(link(binary)).headers["content-type"] == "application/octet-stream"
    picture = world.files.keep(b"\x89PNG\r\n\x1a\n" + bytes(64))
    assert client.get(link(picture)).headers["content-type"] == "image/png"
    long_text = world.files.keep(("ä" * 400).encode())
    assert client.get(link(long_text)).headers["content-type"].startswith("text/plain")


def test_keep__when_many_write_the_same__then_one_whole_file(tmp_path: Path) -> None:
    files = ArtifactFiles(tmp_path)
    content = b"x" * 300_000
    threads = [threading.Thread(target=files.keep, args=(content,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    path = files.public(keccak256(content))
    assert path is not None
    assert path.read_bytes() == content
    assert list((tmp_path / "partial").iterdir()) == []


def test_incoming__when_its_writer_fails__then_nothing_is_left(tmp_path: Path) -> None:
    files = ArtifactFiles(tmp_path, max_bytes=4)
    with pytest.raises(ArtifactTooLarge), files.incoming() as incoming:
        incoming.write(b"12345")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_seal__when_occupied__then_conflict_and_the_first_stays(tmp_path: Path) -> None:
    files = ArtifactFiles(tmp_path)
    for content, refused in ((b"one", False), (b"one", False), (b"two", True)):
        with files.incoming() as incoming:
            incoming.write(content)
            if refused:
                with pytest.raises(ArtifactConflict):
                    files.seal(incoming, word("output"), 0)
            else:
                files.seal(incoming, word("output"), 0)
    path = files.sealed(word("output"), 0)
    assert path is not None
    assert path.read_bytes() == b"one"


def test_files__when_a_crash_left_half_a_file__then_a_later_start_removes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ArtifactFiles(tmp_path)
    half = tmp_path / "partial" / "half"
    half.write_bytes(b"x")
    ArtifactFiles(tmp_path)
    assert half.exists()
    monkeypatch.setattr(files_module, "ABANDONED_SECONDS", -1.0)
    ArtifactFiles(tmp_path)
    assert not half.exists()


def test_files__when_the_folder_cannot_be_made__then_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArtifactError, match="give another one"):
        ArtifactFiles(tmp_path / "file")


def test_index__when_published_bytes_do_not_match_their_hash__then_it_stops(world: World) -> None:
    """The contract computed the hash: whoever altered the bytes is the node."""
    world.chain.mine(*submitted(word("one")))
    world.chain.mine(emit(OutputPublished, word("one"), content_hash(OUTPUT), SALT, b"altered"))
    with pytest.raises(IndexContradiction, match="altered the output"):
        world.catch_up()
