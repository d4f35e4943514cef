"""Foreign URIs against servers that mean harm: nothing gets in, out, or hangs."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.artifacts.addresses import is_any, is_public
from backend.artifacts.fetcher import FIRST_WAIT, LONGEST_WAIT, PASS, TRIES, Fetcher
from backend.artifacts.foreign import Foreign
from backend.errors import ArtifactUnfetched
from chain.deployment import Deployment
from chain.events import FlagsOpened, OutputReferenced, RoundSubmitted
from chain.types import BlockNumber
from cli import main
from tests.backend.conftest import World
from tests.backend.stories import OUTPUT, SALT, TASK, submitted
from tests.support.fakechain import Emitted, emit, word
from verifier.canonical import keccak256

pytestmark = pytest.mark.integration

LIMIT = 1000
CID = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"

Answer = Callable[[socket.socket], None]


@dataclass
class Host:
    """A server that plays one part, and what it was asked."""

    port: int
    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def host(
    answer: Answer, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Host]:
    """Answers each connection, in a thread of its own, until it is left."""
    listener = socket.create_server((address, 0))
    listener.settimeout(0.05)
    stop = threading.Event()
    made = Host(listener.getsockname()[1], "")
    made.url = f"http://{address}:{made.port}"

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(5)
                talking = tls.wrap_socket(connection, server_side=True) if tls else connection
                head = b""
                while b"\r\n\r\n" not in head:
                    head += talking.recv(4096)
                made.asked.append(head.decode())
                answer(talking)
                talking.close()
            except OSError:
                pass  # The client has gone, as it should.

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()
        listener.close()


def says(body: bytes, *headers: str, status: str = "200 OK") -> Answer:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return lambda connection: connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def moves_to(target: str) -> Answer:
    return says(b"", f"Location: {target}", status="302 Found")


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")


def dripping(first: bytes) -> Answer:
    """Never silent for long, and never done."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    return answer


def local(**options: object) -> Foreign:
    return Foreign(allowed=is_any, **{"seconds": 5.0, **options})  # type: ignore[arg-type]


# ------------------------------------------------------------------ where it connects


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *(
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "fe80::1%lo"),
        *("not an address", ""),
    ],
)
def test_address__when_it_is_not_of_the_public_internet__then_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_address__when_it_is_public__then_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "0", "0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]"]
)
def test_fetch__when_the_host_is_this_machine_by_any_name__then_it_is_never_asked(
    name: str,
) -> None:
    with host(says(b"a secret")) as inside:
        with pytest.raises(ArtifactUnfetched, match=r"public internet|no host|not fetched"):
            Foreign().fetch(f"http://{name}:{inside.port}/", LIMIT)
        assert inside.asked == []


def test_fetch__when_one_of_a_names_addresses_is_private__then_none_is_asked() -> None:
    asking = Foreign(resolve=lambda _name, _port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ArtifactUnfetched, match="not on the public internet"):
        asking.fetch("http://both.test/", LIMIT)


def test_fetch__when_a_name_changes_its_address__then_the_checked_one_is_connected_to() -> None:
    """DNS rebinding: the second answer would be private, and is never asked for."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    with host(says(b"outside"), "127.0.0.2") as outside, host(says(b"a secret")) as inside:
        asking = Foreign(
            allowed=lambda address: address == "127.0.0.2", resolve=lambda *_: next(answers)
        )
        assert asking.fetch(f"http://rebind.test:{outside.port}/x", LIMIT) == b"outside"
        assert f"Host: rebind.test:{outside.port}\r\n" in outside.asked[0]
        with pytest.raises(ArtifactUnfetched, match="public internet"):
            asking.fetch(f"http://rebind.test:{inside.port}/x", LIMIT)
        assert inside.asked == []


def test_fetch__when_it_is_redirected_inside__then_refused() -> None:
    with host(says(b"a secret")) as inside:
        for target in (
            inside.url,
            f"//127.0.0.1:{inside.port}/",
            f"http://u:p@127.0.0.2:{inside.port}",
        ):
            with host(moves_to(target), "127.0.0.2") as outside:
                asking = Foreign(allowed=lambda address: address == "127.0.0.2")
                with pytest.raises(ArtifactUnfetched, match=r"public internet|without a user"):
                    asking.fetch(outside.url, LIMIT)
        assert inside.asked == []


def test_fetch__when_it_is_redirected__then_followed_a_few_times_only() -> None:
    with host(says(b"there")) as there, host(moves_to(f"{there.url}/x")) as here:
        assert local().fetch(here.url, LIMIT) == b"there"
    with host(moves_to("/again")) as circle:
        with pytest.raises(ArtifactUnfetched, match="redirects more than 3 times"):
            local().fetch(circle.url, LIMIT)
        assert len(circle.asked) == 4
    for target in ("file:///etc/passwd", "gopher://127.0.0.1/", "", "http://", "http://[::1"):
        with host(moves_to(target)) as odd, pytest.raises(ArtifactUnfetched):
            local(seconds=2.0).fetch(odd.url, LIMIT)


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "file:///etc/passwd",
            "ftp://127.0.0.1/x",
            "gopher://x",
            "http://",
            "https:///x",
            "",
            "x",
        ),
        *("http://user:password@example.test/", "http://[::1", "http://\x00/", "http://a b/"),
    ],
)
def test_fetch__when_the_uri_is_of_another_kind__then_refused_without_its_password(
    uri: str,
) -> None:
    with pytest.raises(ArtifactUnfetched) as told:
        local(resolve=lambda *_: []).fetch(uri, LIMIT)
    assert "password" not in str(told.value)


@pytest.mark.parametrize(
    "uri", ["http://host.test:99999/", "http://host.test:-1/", "http://xn--/", "https://.host/"]
)
def test_fetch__when_a_port_or_a_name_is_none__then_refused_like_any_other(uri: str) -> None:
    with pytest.raises(ArtifactUnfetched, match="cannot be fetched"):
        local(resolve=lambda *_: ["127.0.0.1"]).fetch(uri, LIMIT)


def test_fetch__when_there_is_a_proxy_in_the_environment__then_it_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with host(says(b"direct")) as direct, host(says(b"proxied")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert local().fetch(direct.url, LIMIT) == b"direct"


# ------------------------------------------------------------------ what it takes


def test_fetch__when_the_body_is_endless_or_large__then_cut_at_the_limit() -> None:
    with host(endless) as server, pytest.raises(ArtifactUnfetched, match="larger than 1000 bytes"):
        local().fetch(server.url, LIMIT)
    with host(says(b"x" * LIMIT)) as server:
        assert local().fetch(server.url, LIMIT) == b"x" * LIMIT
    with host(says(b"x" * (LIMIT + 1))) as server, pytest.raises(ArtifactUnfetched, match="larger"):
        local().fetch(server.url, LIMIT)


@pytest.mark.parametrize(
    "first",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"],
    ids=["nothing", "header", "body"],
)
def test_fetch__when_it_drips__then_one_deadline_ends_it(first: bytes) -> None:
    with host(dripping(first)) as server:
        began = time.monotonic()
        with pytest.raises(ArtifactUnfetched):
            local(seconds=0.6).fetch(server.url, LIMIT)
        assert time.monotonic() - began < 5


def test_fetch__when_it_is_packed__then_refused() -> None:
    with host(says(b"\x1f\x8b", "Content-Encoding: gzip")) as server:
        with pytest.raises(ArtifactUnfetched, match="packed"):
            local().fetch(server.url, LIMIT)
        assert "identity" in server.asked[0]


def test_fetch__when_the_answer_is_an_error_or_rubbish__then_one_sentence() -> None:
    for answer, words in (
        (says(b"no", status="404 Not Found"), "status 404"),
        (lambda connection: connection.sendall(b"\x00\xff rubbish\r\n\r\n"), "cannot be fetched"),
    ):
        with host(answer) as server, pytest.raises(ArtifactUnfetched, match=words):
            local().fetch(server.url, LIMIT)
    with pytest.raises(ArtifactUnfetched, match="cannot be fetched"):
        local().fetch("http://127.0.0.1:9/", LIMIT)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(server's, client's) TLS for a host of that name; the client trusts this one only."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "both.pem").write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


def test_fetch__when_https__then_the_certificate_is_the_names_though_the_address_is_used(
    tmp_path: Path,
) -> None:
    server, trusting = certificate(tmp_path, "good.test")
    with host(says(b"told in private"), tls=server) as secure:
        asking = local(resolve=lambda *_: ["127.0.0.1"], verify=trusting)
        assert asking.fetch(f"https://good.test:{secure.port}/", LIMIT) == b"told in private"
        with pytest.raises(ArtifactUnfetched, match="CERTIFICATE_VERIFY_FAILED"):
            asking.fetch(f"https://other.test:{secure.port}/", LIMIT)
        with pytest.raises(ArtifactUnfetched, match="CERTIFICATE_VERIFY_FAILED"):
            local(resolve=lambda *_: ["127.0.0.1"]).fetch(
                f"https://good.test:{secure.port}/", LIMIT
            )


# ------------------------------------------------------------------ ipfs


def test_ipfs__when_a_gateway_is_set__then_asked_there_though_it_is_private() -> None:
    with host(says(b"content")) as gateway:
        asking = Foreign(ipfs_gateway=gateway.url + "/")
        assert asking.fetch(f"ipfs://{CID}/task.json", LIMIT) == b"content"
        assert gateway.asked[0].startswith(f"GET /ipfs/{CID}/task.json HTTP/1.1")
    with (
        host(moves_to("http://127.0.0.1:1/")) as gateway,
        pytest.raises(ArtifactUnfetched, match="public internet"),
    ):
        Foreign(ipfs_gateway=gateway.url).fetch(f"ipfs://{CID}", LIMIT)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "..",
        f"{CID}/../../api",
        f"{CID}/%2e%2e/x",
        f"{CID}?x",
        f"{CID}@h",
        "a/b",
        f"{CID}/\r\nX: y",
    ],
)
def test_ipfs__when_it_is_no_content_id__then_the_gateway_is_not_asked(rest: str) -> None:
    with host(says(b"content")) as gateway:
        with pytest.raises(ArtifactUnfetched, match="content id"):
            Foreign(ipfs_gateway=gateway.url).fetch(f"ipfs://{rest}", LIMIT)
        assert gateway.asked == []


def test_ipfs__when_no_gateway_is_set__then_one_sentence() -> None:
    with pytest.raises(ArtifactUnfetched, match="no gateway"):
        local().fetch(f"ipfs://{CID}", LIMIT)


# ------------------------------------------------------------------ tasks of rounds


def round_with(uri: str, name: str) -> list[Emitted]:
    """A round whose task is elsewhere."""

    def elsewhere(make: Emitted) -> Emitted:
        def made(log: object) -> object:
            event = make(log)  # type: ignore[arg-type]
            return replace(event, task_uri=uri) if isinstance(event, RoundSubmitted) else event

        return made  # type: ignore[return-value]

    return [elsewhere(make) for make in submitted(word(name))]


def test_tasks__when_their_bytes_have_the_hash__then_kept_under_it(world: World) -> None:
    with host(says(TASK.canonical())) as server:
        world.chain.mine(*round_with(server.url, "one"))
        world.catch_up()
        assert world.files.public(TASK.hash()) is None
        fetcher = Fetcher(world.store, world.files, local())
        assert fetcher.step() == 1
        assert isinstance(kept := world.files.public(TASK.hash()), Path)
        assert kept.read_bytes() == TASK.canonical()
        assert (fetcher.step(), len(server.asked)) == (0, 1)


def test_tasks__when_many_cannot_be_had__then_a_new_one_waits_for_a_short_pass_only(
    world: World,
) -> None:
    asked: list[str] = []

    class Slow(Foreign):
        def fetch(self, uri: str, limit: int) -> bytes:
            asked.append(uri)
            raise ArtifactUnfetched("It was not had within 15 seconds.")

    slow = [f"https://slow.test/{number}" for number in range(3 * PASS)]
    world.chain.mine(*(each for uri in slow for each in round_with(uri, uri)))
    world.catch_up()
    fetcher = Fetcher(world.store, world.files, Slow())
    fetcher.step(now=0.0)
    assert len(asked) == PASS
    for late in range(3):
        fetcher.step(now=(late + 1) * 10_000.0)
    assert len(set(asked)) == 3 * PASS
    world.chain.mine(*round_with("https://new.test/", "new"))
    world.catch_up()
    asked.clear()
    fetcher.step(now=50_000.0)
    assert "https://new.test/" in asked


@pytest.mark.campaign
def test_tasks__when_their_bytes_are_others__then_nothing_is_kept_and_asking_ends(
    world: World,
) -> None:
    other = replace(TASK, parameters={"seed": 99}).canonical()
    for body in (other, b"{", b"x" * 100_000):
        with host(says(body)) as server:
            world.chain.mine(*round_with(server.url, repr(body[:40]) + str(len(body))))
            world.catch_up()
            fetcher = Fetcher(world.store, world.files, local())
            fetcher.step(now=0.0)
            assert len(server.asked) == 1
            fetcher.step(now=FIRST_WAIT / 2)
            assert len(server.asked) == 1
            for again in range(1, 20):
                fetcher.step(now=again * 10_000.0)
            assert len(server.asked) == TRIES
    assert world.files.public(TASK.hash()) is None
    assert world.files.public(keccak256(other)) is None


def published_at(world: World, uri: str, name: str = "one") -> None:
    """A round whose output is elsewhere, while it can be flagged."""
    world.chain.mine(*submitted(word(name)))
    world.chain.mine(
        emit(OutputReferenced, word(name), keccak256(OUTPUT), SALT, uri),
        emit(FlagsOpened, word(name), world.chain.blocks[-1].timestamp + 60),
    )
    world.catch_up()


def test_outputs__when_their_bytes_have_the_hash__then_kept_and_not_asked_for_again(
    world: World,
) -> None:
    with host(says(OUTPUT)) as server:
        published_at(world, server.url)
        fetcher = Fetcher(world.store, world.files, local())
        assert (fetcher.step(), fetcher.step(now=1e6), len(server.asked)) == (1, 0, 1)
        assert isinstance(kept := world.files.public(keccak256(OUTPUT)), Path)
        assert kept.read_bytes() == OUTPUT


def test_outputs__when_they_come_late__then_asked_for_as_long_as_the_committee_is(
    world: World,
) -> None:
    """An outage of a host's is no fault of the provider's if it ends before the votes do."""
    served: list[bytes] = [b"not yet"]
    with host(lambda connection: says(served[0])(connection)) as server:
        published_at(world, server.url)
        fetcher = Fetcher(world.store, world.files, local())
        for again in range(TRIES + 4):
            assert fetcher.step(now=again * LONGEST_WAIT) == 0
        assert len(server.asked) == TRIES + 4
        served[0] = OUTPUT
        assert fetcher.step(now=(TRIES + 4) * LONGEST_WAIT) == 1


def test_outputs__when_the_body_is_endless_or_the_host_private__then_nothing_is_kept(
    world: World,
) -> None:
    world.files.max_bytes = LIMIT
    with host(endless) as server:
        published_at(world, server.url)
        assert Fetcher(world.store, world.files, local()).step() == 0
        assert len(server.asked) == 1
        assert Fetcher(world.store, world.files, Foreign()).step() == 0
        assert len(server.asked) == 1
    assert world.files.public(keccak256(OUTPUT)) is None


def test_tasks__when_another_replica_leads__then_not_asked_for(world: World) -> None:
    with host(says(TASK.canonical())) as server:
        world.chain.mine(*round_with(server.url, "live"))
        world.catch_up()
        stop = threading.Event()

        def leads() -> bool:
            stop.set()
            return False

        Fetcher(world.store, world.files, local(), leads=leads).run(stop)
        assert server.asked == []


def test_serve__when_the_chain_is_public__then_any_address_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deployment.json"
    Deployment(
        chain_id=8453, block=BlockNumber(1), complete=True, contracts={}, parameters={}, profiles={}
    ).save(file)
    assert main.run(["serve", f"--deployment={file}", "--foreign-uris=any"]) == 1
    assert "give --foreign-uris public" in capsys.readouterr().err
