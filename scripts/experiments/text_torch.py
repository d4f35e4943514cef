"""transformers and torch on the same files of weights: teacher forcing, and beam search.

One thread. `dtype` is the precision of weights and arithmetic: "float32" or "bfloat16".
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers.pre_tokenizers import ByteLevel, Digits
from tokenizers.pre_tokenizers import Sequence as Sequenced
from transformers import AutoModelForCausalLM, AutoTokenizer

__all__ = ["Torch", "Words", "chat_prompt"]

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
END = "<|im_end|>"


def chat_prompt(prompt: str) -> str:
    """What the model's chat template makes of a prompt without a system message."""
    return (
        f"<|im_start|>system\n{SYSTEM}{END}\n"
        f"<|im_start|>user\n{prompt}{END}\n<|im_start|>assistant\n"
    )


class Words:
    """The tokenizer of a file of weights, without the model."""

    def __init__(self, path: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        # The conversion forgets that this tokenizer splits at digits before anything else; without
        # that, the line breaks before a numbered list become other tokens than in llama.cpp.
        self.tokenizer.backend_tokenizer.pre_tokenizer = Sequenced(
            [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
        )

    def ids(self, text: str) -> list[int]:
        """The token ids of a text; control tokens that it spells out are themselves."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def text(self, ids: Sequence[int]) -> str:
        """The text of token ids, control tokens left out."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))


class Torch:
    """One loaded model."""

    def __init__(self, path: Path, dtype: str = "float32") -> None:
        torch.set_num_threads(1)
        self._model = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=getattr(torch, dtype)
        ).eval()

    def top_logprobs(
        self, prompt: Sequence[int], given: Sequence[int], top: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """`[n, top]` likeliest tokens and their natural log-probabilities at each of the n given
        tokens, which follow the prompt, by one prefill."""
        with torch.inference_mode():
            ids = torch.tensor([[*prompt, *given]])
            logits = self._model(ids, logits_to_keep=len(given) + 1).logits[0, :-1]
            values, tokens = torch.log_softmax(logits.double(), dim=-1).topk(top, dim=-1)
        return tokens.numpy(), values.numpy()

    def top_logprobs_after(
        self, prefix: Sequence[int], given: Sequence[Sequence[int]], top: int
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """What `top_logprobs` tells of each of several rows of tokens, all of the same length, that
        might follow the prefix, which is read once."""
        with torch.inference_mode():
            read = self._model(torch.tensor([list(prefix)]), use_cache=True, logits_to_keep=1)
            cache = read.past_key_values
            cache.batch_repeat_interleave(len(given))
            rows = torch.tensor([list(row[:-1]) for row in given])
            after = self._model(rows, past_key_values=cache).logits
            first = read.logits.expand(len(given), 1, -1)
            logits = torch.cat((first, after), dim=1)
            values, tokens = torch.log_softmax(logits.double(), dim=-1).topk(top, dim=-1)
        return list(zip(tokens.numpy(), values.numpy(), strict=True))

    def beam(self, prompt: Sequence[int], tokens: int, beams: int) -> list[int]:
        """The token ids that beam search finds, the end of text included."""
        with torch.inference_mode():
            found = self._model.generate(
                torch.tensor([list(prompt)]),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                max_new_tokens=tokens,
                num_beams=beams,
                do_sample=False,
            )
        return [int(token) for token in found[0, len(prompt) :]]
