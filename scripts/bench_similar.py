"""What look-alike search costs and finds: time to build, memory, time of a query, recall.

python scripts/bench_similar.py [--items 200000] [--redis URL] [--json FILE]

Each method runs in a process of its own, so that memory is its own: what building added. Times are
of the processor, so that what else the machine does plays no part, but of the clock for a Redis.
Recall is against comparing the query with every item. Texts: 42 words of a vocabulary of 5,000, in
families of five that differ in up to a quarter of their words; digests: random ones, in families
that differ in up to 60 bits.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.bench_digests import machine  # noqa: E402
from verifier.digest import distances, from_words, to_words  # noqa: E402
from verifier.similar.digests import DigestIndex  # noqa: E402
from verifier.similar.indexfile import About, IndexFile  # noqa: E402
from verifier.similar.sketches import Sketch, Sketching, similarities  # noqa: E402
from verifier.similar.storage import MEMORY, RedisStorage, new_name  # noqa: E402
from verifier.similar.texts import TextForest, TextIndex, most_alike  # noqa: E402

FAMILY = 5
WORDS = 42
EDITS = (0, 1, 3, 6, 10)  # words that a member of a family differs in
FLIPS = (0, 5, 15, 31, 60)  # bits, likewise
QUERIES = 1000
SIMILAR = (0.5, 0.7, 0.9)
RADII = (15, 31, 47, 64)
MEBI = 1 << 20

Row = dict[str, Any]
Clock = Callable[[], float]


def texts(count: int) -> list[bytes]:
    """`count` texts in families."""
    rng = np.random.default_rng(1)
    known = [f"{word:x}" for word in rng.integers(1 << 8, 1 << 28, 5000)]
    made = []
    for _ in range(-(-count // FAMILY)):
        base = rng.integers(0, 5000, WORDS)
        for edits in EDITS:
            member = base.copy()
            member[rng.permutation(WORDS)[:edits]] = rng.integers(0, 5000, edits)
            made.append(" ".join(known[word] for word in member).encode())
    return made[:count]


def digests(count: int) -> np.ndarray:
    """`uint64[count, 4]` in families."""
    rng = np.random.default_rng(2)
    words = np.repeat(rng.integers(0, 2**64, (-(-count // FAMILY), 4), dtype=np.uint64), FAMILY, 0)
    for row in range(len(words)):
        places = rng.permutation(256)[: FLIPS[row % FAMILY]]
        np.bitwise_xor.at(words[row], places // 64, np.uint64(1) << (places % 64).astype(np.uint64))
    return words[:count]


def memory() -> float:
    """MiB that the process has in memory."""
    return psutil.Process().memory_info().rss / MEBI


def timed(
    run: Callable[[Any], Any], queries: Sequence[Any], clock: Clock = time.process_time
) -> tuple[list[Any], Row]:
    """Answers, and the median and the 99th percentile of milliseconds."""
    answers, taken = [], []
    for query in queries:
        start = clock()
        answers.append(run(query))
        taken.append(1000 * (clock() - start))
    p50, p99 = np.percentile(taken, [50, 99])
    return answers, {"p50Ms": float(p50), "p99Ms": float(p99)}


def text_recall(ids: list[str], sketches: Sketch, queries: Sketch, answers: list[Any]) -> Row:
    """Of what is at least so similar, and not the query itself, the share that was found."""
    wanted, found = dict.fromkeys(SIMILAR, 0), dict.fromkeys(SIMILAR, 0)
    for query, answer in zip(queries[:200], answers, strict=False):
        truth, listed = similarities(sketches, query), {one.id for one in answer}
        for least in SIMILAR:
            for row in np.flatnonzero((truth >= least) & (truth < 1)):
                wanted[least] += 1
                found[least] += ids[row] in listed
    return {f"recall{least}": found[least] / max(1, wanted[least]) for least in SIMILAR}


class Texts:
    """The methods for texts, on sketches that were made once."""

    def __init__(self, folder: Path, redis: str) -> None:
        self.sketches: Sketch = np.load(folder / "sketches.npy")
        self.ids = [str(row) for row in range(len(self.sketches))]
        rows = np.random.default_rng(3).integers(0, len(self.ids), QUERIES)
        self.queries = np.array(self.sketches[rows])
        self.items = zip(self.ids, self.sketches, strict=True)
        self.redis = redis
        self.clock: Clock = time.perf_counter if redis else time.process_time
        self.before, self.start = memory(), self.clock()

    def built(self) -> Row:
        """What building took, until now."""
        taken = self.clock() - self.start
        return {"buildSeconds": taken, "memoryMiB": memory() - self.before}

    def scan(self, folder: Path) -> Row:
        """A file, compared with whole."""
        about = About("texts", len(self.ids), 3, self.sketches.shape[1])
        IndexFile(about, self.ids, self.sketches).save(folder / "index")
        loaded = IndexFile.load(folder / "index")
        built = self.built()
        queries = self.queries[:100]
        _, times = timed(lambda query: most_alike(loaded.ids, loaded.rows, query, 0.5), queries)
        return built | times | {f"recall{least}": 1.0 for least in SIMILAR}

    def lsh(self, _: Path) -> Row:
        """MinHashLSH in memory, or in a Redis."""
        storage = RedisStorage(self.redis, new_name()) if self.redis else MEMORY
        index = TextIndex(storage=storage)
        index.add(self.items)
        built = self.built()
        answers, times = timed(lambda query: index.alike(query, 0.0), self.queries, self.clock)
        recall = text_recall(self.ids, self.sketches, self.queries, answers)
        if self.redis:
            index.drop()
        return built | times | recall

    def forest(self, _: Path) -> Row:
        """MinHashLSHForest, the ten most alike."""
        index = TextForest(self.items)
        built = self.built()
        answers, times = timed(lambda query: index.nearest(query, 10), self.queries)
        return built | times | text_recall(self.ids, self.sketches, self.queries, answers)


def digest_rows(folder: Path) -> list[Row]:
    """DigestIndex at some radii, and the ten nearest: equal to brute force, or it says so."""
    words = np.load(folder / "digests.npy")
    ids = [str(row) for row in range(len(words))]
    queries = from_words(words[np.random.default_rng(4).integers(0, len(words), QUERIES)])
    before, start = memory(), time.process_time()
    index = DigestIndex(ids, words)
    built = {"buildSeconds": time.process_time() - start, "memoryMiB": memory() - before}
    rows = []
    for radius in (*RADII, None):
        method = f"within {radius}" if radius is not None else "10 nearest"
        answers, times = timed(
            lambda query, radius=radius: (
                index.nearest(query, 10) if radius is None else index.within(query, radius)
            ),
            queries,
        )
        wanted = found = 0
        for query, answer in zip(queries[:200], answers, strict=False):
            apart = distances(words, to_words([query])[0])
            limit = radius if radius is not None else int(np.partition(apart, 9)[9])
            near = np.flatnonzero(apart <= limit)
            listed = {one.id for one in answer}
            hits = sum(ids[row] in listed for row in near)
            wanted += len(near) if radius is not None else 10
            found += hits
        recall = {"recall": found / wanted}
        rows.append({"method": f"digests, {method}"} | built | times | recall)
    return rows


def alone(method: str, folder: Path, redis: str) -> list[Row]:
    """One method, in this process."""
    if method == "digests":
        return digest_rows(folder)
    name = {"lsh": "MinHashLSH", "forest": "MinHashLSHForest", "scan": "all compared"}[method]
    where = " in a Redis" if redis else ""
    return [{"method": f"texts, {name}{where}"} | getattr(Texts(folder, redis), method)(folder)]


def in_a_process(method: str, folder: Path, redis: str = "") -> list[Row]:
    command = [sys.executable, __file__, "--method", method, "--folder", str(folder)]
    done = subprocess.run(  # noqa: S603 - this script again
        [*command, "--redis", redis], check=True, stdout=subprocess.PIPE
    )
    rows: list[Row] = json.loads(done.stdout)
    return rows


def show(result: Row) -> None:
    print(f"{result['items']:,} items; sketching {result['sketchesPerSecond']:,.0f} texts a second")
    print(f"{'':34}{'build s':>9}{'MiB':>8}{'p50 ms':>9}{'p99 ms':>9}  recall")
    for row in result["rows"]:
        recall = ", ".join(
            f"{value:.4f}" + (f" at {name[6:]}" if name != "recall" else "")
            for name, value in row.items()
            if name.startswith("recall")
        )
        print(
            f"{row['method']:34}{row['buildSeconds']:>9.2f}{row['memoryMiB']:>8.0f}"
            f"{row['p50Ms']:>9.2f}{row['p99Ms']:>9.2f}  {recall}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--redis", default="", metavar="URL", help="measure MinHashLSH there too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    parser.add_argument("--method", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.method:
        print(json.dumps(alone(chosen.method, chosen.folder, chosen.redis)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contents, sketching = texts(chosen.items), Sketching()
        start = time.process_time()
        sketches = np.stack([sketching.sketch(content) for content in contents])
        rate = len(contents) / (time.process_time() - start)
        np.save(folder / "sketches.npy", sketches)
        np.save(folder / "digests.npy", digests(chosen.items))
        rows = [
            row for one in ("scan", "lsh", "forest", "digests") for row in in_a_process(one, folder)
        ]
        if chosen.redis:
            rows += in_a_process("lsh", folder, chosen.redis)
    result = {
        "schema": "assay/bench-similar/1",
        "machine": machine(),
        "items": chosen.items,
        "sketchesPerSecond": rate,
        "rows": rows,
    }
    show(result)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
