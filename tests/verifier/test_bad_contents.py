"""Every family against contents that are wrong, or large: one sentence each, bounded memory."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from tests.verifier.bad_contents import BORNE, KEY, MEBI, RECIPES, REFUSED, profile
from verifier import digest
from verifier.digest import fast
from verifier.errors import DigestError

REPOSITORY = Path(__file__).parents[2]
MOST_TO_REFUSE = 8 * MEBI
MOST_TO_DIGEST = 128 * MEBI
"""Beyond what the process has when it starts, the content itself and the output included."""

CHILD = f"""
import json, resource, sys
from tests.verifier.bad_contents import BORNE, KEY, profile
from verifier import digest

# What is loaded once for all: the compiled kernels, the tables of texts.
digest.digest(bytes(1 << 16), profile("tokens"), KEY)
digest.digest(b"a" * (1 << 16), profile("text-minhash"), KEY)
digest.digest("a\u0301".encode(), profile("text-minhash"), KEY)
cases = {{name: (family, make()) for name, (family, make) in BORNE.items()}}
used = 1024 * int(open("/proc/self/status").read().partition("VmSize:")[2].split()[0])
resource.setrlimit(resource.RLIMIT_AS, (used + {MOST_TO_DIGEST}, resource.RLIM_INFINITY))
found = {{
    name: digest.digest(content, profile(family), KEY).hex()
    for name, (family, content) in cases.items()
}}
print(json.dumps(found))
"""


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The compiled kernels are loaded: what that takes is nobody's content's fault."""
    fast.kernels(1, 1)


@pytest.mark.unit
def test_tables__then_every_family_has_refusals() -> None:
    refused = {family for family, *_ in REFUSED.values()}
    assert refused == set(RECIPES) == set(digest.FAMILIES)


@pytest.mark.unit
@pytest.mark.parametrize("case", REFUSED)
def test_digest__when_the_content_is_bad__then_one_sentence_in_little_memory(case: str) -> None:
    family, make, says = REFUSED[case]
    content, digester = make(), profile(family)
    tracemalloc.start()
    try:
        with pytest.raises(DigestError, match=says) as problem:
            digest.digest(content, digester, KEY)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    sentence = str(problem.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 200
    assert peak < MOST_TO_REFUSE


@pytest.mark.unit
@pytest.mark.parametrize("family", RECIPES)
def test_digest_batch__when_one_of_many_is_bad__then_none_is_digested(family: str) -> None:
    bad = next(make() for of, make, _ in REFUSED.values() if of == family)
    golden = json.loads((REPOSITORY / "tests/golden/digests.json").read_text())[family]
    good = [bytes.fromhex(case["content"][2:]) for case in golden[:2]]
    with pytest.raises(DigestError):
        digest.digest_batch([*good, bad], profile(family), KEY)


@pytest.mark.unit
@pytest.mark.parametrize("family", RECIPES)
@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytearray(32), "k" * 32, None, 32])
def test_digest__when_the_key_is_no_key__then_one_sentence_says_so(family: str, key: bytes) -> None:
    with pytest.raises(DigestError, match=r"A digest key is 32 bytes; this one has .*\.$"):
        digest.digest(b"content", profile(family), key)


@pytest.mark.integration
def test_digest__when_the_process_may_not_grow__then_the_worst_is_digested() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=REPOSITORY,
        env={"OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == set(BORNE)
