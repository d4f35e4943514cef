"""The rounds of the demo, as data.

A story says who provides, how the work is made, how the provider and each *drawn seat* behave, and
which verdict must come of it. Seats that are not named are honest; which node sits in seat 0 is
known only after the draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chain.types import Verdict

TEXT = "text-exact-smollm2"
FUZZY_TEXT = "text-minhash-smollm2"
IMAGE = "image-perceptual-terrain128"


@dataclass(frozen=True)
class Story:
    """One round.

    `work` names a recipe of `works.WORKS`; `provider_acts` and the values of `seats` name
    behaviours of `actors`; `kill` is the seat whose process gets SIGKILL after its commitment.
    """

    title: str
    profile: str
    provider: str
    prompt: Mapping[str, Any]
    expected: Verdict
    lesson: str
    work: str = "honest"
    provider_acts: str = "honest"
    seats: Mapping[int, str] = field(default_factory=dict)
    kill: int | None = None


def _text(prompt: str, **parameters: Any) -> dict[str, Any]:
    return {
        "modality": "text",
        "prompt": prompt,
        "parameters": {"max_tokens": 64, "temperature": 0.0, "seed": 1} | parameters,
    }


def _image(condition: int, seed: int) -> dict[str, Any]:
    return {"modality": "image", "condition": condition, "parameters": {"seed": seed}}


ADA, IRIS, MALLORY = "Ada", "Iris", "Mallory"
PROVIDERS = (ADA, IRIS, MALLORY)
VERIFIERS = ("Vera", "Viktor", "Vida", "Vito", "Vanja", "Vince", "Viola", "Vasco")

STORIES: tuple[Story, ...] = (
    Story(
        "An honest text",
        TEXT,
        ADA,
        _text("Explain in two sentences why the sky is blue."),
        Verdict.ACCEPTED,
        "five nodes wrote the same bytes by themselves",
    ),
    Story(
        "An honest image",
        IMAGE,
        IRIS,
        _image(40, 11),
        Verdict.ACCEPTED,
        "five nodes drew the same terrain; distances are within the profile's tolerance",
    ),
    Story(
        "Three of five verifiers do not answer",
        TEXT,
        ADA,
        _text("Write a haiku about rivers."),
        Verdict.EXPIRED,
        "no quorum: the fee goes back, and no answer is not a bad answer",
        seats={0: "absent", 1: "silent", 3: "silent"},
    ),
    Story(
        "Another seed was used for the text",
        TEXT,
        MALLORY,
        _text("Write a short story about a lighthouse.", temperature=0.8, seed=7),
        Verdict.REJECTED,
        "the task fixed seed 7, the provider sampled with another",
        work="other-seed",
    ),
    Story(
        "The image was re-painted",
        IMAGE,
        MALLORY,
        _image(55, 21),
        Verdict.REJECTED,
        "img2img over the right picture (strength 0.6) moves the digest past the tolerance",
        work="repainted",
    ),
    Story(
        "A verifier never opens",
        TEXT,
        ADA,
        _text("List three uses of copper."),
        Verdict.ACCEPTED,
        "four of five are a majority; the silent seat pays for its silence",
        seats={1: "silent"},
    ),
    Story(
        "A lazy verifier guesses",
        IMAGE,
        IRIS,
        _image(70, 31),
        Verdict.ACCEPTED,
        "a guess is as far from the claim as chance puts it; it opened, so it keeps its stake, "
        "but earns nothing",
        seats={0: "lazy"},
    ),
    Story(
        "The text was edited",
        TEXT,
        MALLORY,
        _text("Describe the water cycle."),
        Verdict.REJECTED,
        "a few words were changed after generation",
        work="edited",
    ),
    Story(
        "A verifier copies another's commitment",
        TEXT,
        ADA,
        _text("What is the capital of Norway, and what is it known for?"),
        Verdict.ACCEPTED,
        "a commitment binds its author, so a copied one cannot be opened",
        seats={2: "copycat"},
    ),
    Story(
        "A verifier is killed between commitment and opening",
        IMAGE,
        IRIS,
        _image(25, 41),
        Verdict.ACCEPTED,
        "its process got SIGKILL, was started again, and opened in time",
        provider_acts="waits-for-gate",
        kill=1,
    ),
    Story(
        "An honest text, compared with a tolerance",
        FUZZY_TEXT,
        ADA,
        _text("Give advice to somebody who plants a first vegetable garden."),
        Verdict.ACCEPTED,
        "minhash digests estimate how many shingles two texts share",
    ),
    Story(
        "Two colluders among five vouch for a cheat",
        FUZZY_TEXT,
        MALLORY,
        _text("Summarise how a bicycle stays upright."),
        Verdict.REJECTED,
        "three honest seats agree with one another and outvote the two",
        work="replayed",
        seats={1: "colluder", 3: "colluder"},
    ),
    Story(
        "Another's output is replayed",
        IMAGE,
        MALLORY,
        _image(85, 51),
        Verdict.REJECTED,
        "Iris drew this picture for another task",
        work="replayed",
    ),
    Story(
        "A claim that is not the output's digest",
        TEXT,
        MALLORY,
        _text("Name the planets of the solar system in order."),
        Verdict.REJECTED,
        "the claim was right and the committee agreed, but the bytes that were delivered are "
        "others: the contract checks them when they are published",
        work="edited",
        provider_acts="claims-honest-digest",
    ),
    Story(
        "The provider does not open",
        TEXT,
        MALLORY,
        _text("Why do leaves change colour in autumn?"),
        Verdict.REJECTED,
        "silence is not an answer",
        provider_acts="silent",
    ),
    Story(
        "Another seed was used for the image",
        IMAGE,
        MALLORY,
        _image(60, 61),
        Verdict.REJECTED,
        "the same parameters with another seed give another terrain",
        work="other-seed",
    ),
    Story(
        "Three of five verifiers guess",
        IMAGE,
        IRIS,
        _image(35, 71),
        Verdict.INCONCLUSIVE,
        "no cluster has a majority: nobody is judged",
        seats={0: "lazy", 2: "lazy", 4: "lazy"},
    ),
    Story(
        "An honest image, again",
        IMAGE,
        IRIS,
        _image(15, 81),
        Verdict.ACCEPTED,
        "another committee, drawn by the stake of its members",
    ),
)
