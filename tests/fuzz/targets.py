"""What fuzzing feeds: functions of any bytes that must answer, or refuse in one sentence.

Each checks more than that nothing breaks: an answer must be the same by another way of computing
it. `test_targets.py` runs them on a few examples, `run.py` on as many as there is time for.
"""

import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.plain_png import decode as decode_plainly
from tests.verifier.bad_contents import GOLDEN, KEY, RECIPES
from verifier.canonical import keccak256
from verifier.digest import FAMILIES, from_words
from verifier.digest.logprobs import record_type
from verifier.digest.nfc import nfc
from verifier.digest.png import decode_png, encode_png
from verifier.digest.text_minhash import ENOUGH_TEXTS
from verifier.errors import DigestError, ProfileError, SimilarError, TaskError, VerifierError
from verifier.profiles import Profile
from verifier.similar.indexfile import About, IndexFile
from verifier.tasks import Task, task_from_uri

__all__ = ["TARGETS", "Target", "seeds"]

Target = Callable[[bytes], None]
TASK = b"""{"schema": "assay/task/1", "profile": "0x%s", "modality": "text", "model": "m",
 "parameters": {"a": 1, "b": 0.5, "c": "\\u00e9", "d": true}, "prompt": "Say it."}""" % (b"1f" * 32)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SMALL_IMAGE = 1 << 12  # pixels that are also decoded in plain Python
FILLERS = [b"filler"] * ENOUGH_TEXTS
FAMILY: Mapping[str, Any] = {
    name: FAMILIES[name].digester.parse(*recipe) for name, recipe in RECIPES.items()
}


def refusal(error: type[VerifierError], function: Callable[[], Any]) -> Any:
    """What `function` returns; None where it refuses in one sentence, the only way it may."""
    try:
        return function()
    except error as problem:
        sentence = str(problem)
        assert sentence.endswith("."), sentence
        assert "\n" not in sentence, sentence
        assert len(sentence) < 1000, sentence
        return None


def digest(family: str, content: bytes, key: bytes = KEY) -> bytes | None:
    words = refusal(DigestError, lambda: FAMILY[family].digest([content], key))
    return None if words is None else from_words(words)[0]


def exact(data: bytes) -> None:
    """keccak256(key ‖ content), whatever the content."""
    assert digest("exact", data) == (keccak256(KEY + data) if data else None)


def text(data: bytes) -> None:
    """A text digests as its normal form does, alone as in a batch that compiled code works on."""
    found = digest("text-minhash", data)
    if found is None:
        return
    normal = nfc(data.decode())
    assert nfc(normal) == normal
    batch = [*FILLERS, data, *FILLERS, normal.encode()]
    digests = from_words(FAMILY["text-minhash"].digest(batch, KEY))
    assert digests[len(FILLERS)] == digests[-1] == found


def vector(data: bytes) -> None:
    """Any bytes as a vector, and any floats as one of the right dimension."""
    digest("vector-hyperplane", data)
    size = 4 * FAMILY["vector-hyperplane"].dimension
    content = (data * (size // len(data) + 1))[:size] if data else bytes(size)
    found = digest("vector-hyperplane", content)
    values = np.frombuffer(content, dtype="<f4")
    assert (found is None) == (not np.isfinite(values).all() or not values.any())
    if found is not None:
        features = FAMILY["vector-hyperplane"].features(values[None])
        assert np.abs(features).max() <= 127


def png(data: bytes) -> None:
    """A file with its checksums put right: decoded as plain Python decodes it, or refused."""
    for content in (data, with_checksums(data)):
        pixels = refusal(DigestError, lambda content=content: decode_png(content, 1 << 20, 1 << 18))
        assert (digest("image-perceptual", content) is None) == (pixels is None)
        if pixels is not None and pixels.shape[0] * pixels.shape[1] <= SMALL_IMAGE:
            np.testing.assert_array_equal(pixels, decode_plainly(content))
            again = encode_png(pixels)
            np.testing.assert_array_equal(decode_png(again, 1 << 20, 1 << 18), pixels)


def image(data: bytes) -> None:
    """A file put together of what the data say: header, kinds of chunks, compressed rows."""
    if len(data) < 8:
        return
    width, height, depth, colour, packing, count = struct.unpack_from(">BBBBBB", data)
    body = struct.pack(
        ">IIBBBBB",
        width % 40,
        height % 40,
        8 if depth < 200 else depth % 17,
        (0, 2, 0, 2, colour % 8)[colour % 5],
        packing // 240,
        packing // 250,
        packing % 20 == 19,
    )
    rows = zlib.compress(data[6:], 1)
    parts = [(b"IHDR", body)]
    kinds = (b"IDAT", b"tEXt", b"PLTE", b"tRNS", b"acTL", b"JUNK", b"junk", b"IEND")
    cut = len(rows) * (count % 5) // 4
    parts += [(b"IDAT", rows[:cut]), (kinds[count % 8], rows[:9]), (b"IDAT", rows[cut:])]
    png(PNG_SIGNATURE + b"".join(_chunk(*part) for part in [*parts, (b"IEND", b"")]))


def tokens(data: bytes) -> None:
    """Tokens digest in a batch as alone, and never otherwise than by length refused."""
    found = digest("tokens", data)
    assert (found is None) == (not data or bool(len(data) % 4))
    if found is not None:
        batch = FAMILY["tokens"].digest([bytes(4), data, bytes(8)], KEY)
        assert from_words(batch)[1] == found


def logprobs(data: bytes) -> None:
    """Any bytes as a record, and the same bytes with what must hold put right."""
    family = FAMILY["logprobs"]
    digest("logprobs", data)
    kind = record_type(family.top)
    count = max(1, len(data) // kind.itemsize)
    records = np.frombuffer(data.ljust(kind.itemsize, b"\0"), dtype=kind, count=count).copy()
    records["given"] %= family.vocabulary
    offsets = np.arange(family.top, dtype=np.uint32)
    first = records["top"]["token"][:, :1] % (family.vocabulary - family.top)
    records["top"]["token"] = first + offsets
    records["top"]["logprob"] = -np.sort(np.abs(records["top"]["logprob"] // 2), axis=1)
    suffix = np.repeat(records[-1:], family.suffix)
    suffix["given"] = family.suffix_tokens(KEY)
    found = digest("logprobs", np.concatenate([records, suffix]).tobytes())
    assert found is not None


def profile(data: bytes) -> None:
    """A recipe that is read has the id of what it reads as, and reads so again."""
    found = refusal(ProfileError, lambda: Profile.parse(data))
    if found is not None:
        again = Profile.parse(found.recipe, found.profile_id)
        assert again.recipe == found.recipe
        assert found.profile_id == keccak256(found.recipe)


def task(data: bytes) -> None:
    """A task that is read says the same again, from its canonical form and from its URI."""
    found = refusal(TaskError, lambda: Task.from_json(data))
    if found is not None:
        assert Task.from_json(found.canonical(), found.hash()) == found
        assert task_from_uri(found.uri(), found.hash()) == found


def index(data: bytes, path: Path = Path("index")) -> None:
    """A file that is no index is refused; one that is has as many ids as rows."""
    path.write_bytes(data)
    found = refusal(SimilarError, lambda: IndexFile.load(path))
    if found is not None and not found.about.redis:
        assert len(found.ids) == len(found.rows) == found.about.count


TARGETS: Mapping[str, Target] = {
    function.__name__: function
    for function in (exact, text, vector, png, image, tokens, logprobs, profile, task, index)
}


def seeds(target: str) -> list[bytes]:
    """Contents to begin with: the golden ones, or what ships."""
    family = {"text": "text-minhash", "vector": "vector-hyperplane", "png": "image-perceptual"}
    cases = GOLDEN.get(family.get(target, target), [])
    if target == "profile":
        folder = Path(__file__).parents[2] / "verifier/profiles"
        shipped = [path.read_bytes() for path in folder.glob("*.json")]
        return [*shipped, json.dumps(json.loads(shipped[0]), indent=1).encode()]
    if target == "task":
        return [TASK, TASK.replace(b'"prompt": "Say it."', b'"condition": -1')]
    if target == "index":
        with tempfile.TemporaryDirectory() as folder:
            rows = np.arange(8, dtype=np.uint64).reshape(2, 4)
            IndexFile(About("digests", 2), ("a", "b"), rows).save(Path(folder) / "index")
            return [(Path(folder) / "index").read_bytes()]
    return [bytes.fromhex(case["content"][2:]) for case in cases] or [bytes(range(64))]


def with_checksums(data: bytes) -> bytes:
    """`data` with the signature of a PNG, and with the checksum of each chunk that is whole."""
    out = bytearray(PNG_SIGNATURE + data[8:])
    place = 8
    while place + 12 <= len(out):
        (size,) = struct.unpack_from(">I", out, place)
        end = place + 12 + size
        if end > len(out):
            break
        struct.pack_into(">I", out, end - 4, zlib.crc32(out[place + 4 : end - 4]))
        place = end
    return bytes(out)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
