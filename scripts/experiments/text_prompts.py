"""The prompts of the text experiments: every topic under every form, in one seeded order.

2,000 base tasks of 64 tokens and, on prompts of their own, 200 long ones of 256 tokens.
"""

import random
from dataclasses import dataclass

__all__ = ["BASE_TASKS", "LONG_TASKS", "TOPICS", "TextTask", "base", "long"]

BASE_TASKS, BASE_TOKENS = 2000, 64
LONG_TASKS, LONG_TOKENS = 200, 256
ORDER_SEED = 20240611

FORMS = (
    "Explain in detail how {} came to be what it is today.",
    "Write a short story in which {} plays a part.",
    "Give five facts about {} and explain each of them.",
    "What should a beginner know about {}?",
    "Describe {} to a child of eight.",
    "Write the opening of a lecture on {}.",
    "What are common misunderstandings about {}?",
    "How has {} changed over the last hundred years?",
    "Compare {} with something that is unlike it.",
    "Write a letter to a friend about {}.",
    "List the steps to learn more about {}, with reasons.",
    "Why does {} matter to people?",
    "Write a dialogue between two people who disagree about {}.",
    "Summarise what science says about {}.",
    "Imagine a world without {} and describe it.",
    "What questions about {} are still open?",
    "Write a newspaper article about {}.",
    "How would you teach a class about {}?",
    "Describe a day that has much to do with {}.",
    "What are the benefits and the dangers of {}?",
)

# fmt: off
TOPICS = (
    "the steam engine", "photosynthesis", "the tides", "the sewing machine", "bread",
    "the moon", "chess", "the lighthouse", "volcanoes", "glass", "honey bees", "the violin",
    "snow", "the compass", "paper", "the bicycle", "rivers", "coffee", "maps", "whales",
    "the printing press", "salt", "earthquakes", "silk", "the telephone", "owls", "bridges",
    "rain", "the piano", "wheat", "the heart", "deserts", "clocks", "tea", "the alphabet",
    "trains", "coral reefs", "sleep", "the wheel", "mushrooms", "dreams", "the kite",
    "steel", "penguins", "gardens", "the number zero", "vaccines", "the guitar",
    "mountains", "soap", "elephants", "the calendar", "cotton", "caves", "the telescope",
    "fire", "cheese", "wolves", "the sea", "dance", "batteries", "the potato",
    "migration of birds", "money", "bamboo", "lightning", "the theatre", "ants",
    "aeroplanes", "the library", "wine", "forests", "the microscope", "rice", "shadows",
    "the horse", "ice", "radio", "islands", "perfume", "the brain", "weaving", "dinosaurs",
    "the canal", "chocolate", "echoes", "the cat", "copper", "football", "the market",
    "wind", "pottery", "sharks", "the novel", "concrete", "roses", "the harbour",
    "mathematics", "spiders", "laughter", "the olive tree", "satellites", "the elevator",
    "gravity", "sugar", "the orchestra", "swimming", "castles", "the internet", "leather",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class TextTask:
    """name: e.g. t0042; tokens: the length asked for; number: its place in its series."""

    name: str
    number: int
    prompt: str
    tokens: int


def base(count: int = BASE_TASKS) -> list[TextTask]:
    """The first `count` tasks of 64 tokens."""
    prompts = _prompts()[:BASE_TASKS]
    return [TextTask(f"t{i:04}", i, p, BASE_TOKENS) for i, p in enumerate(prompts[:count])]


def long(count: int = LONG_TASKS) -> list[TextTask]:
    """The first `count` tasks of 256 tokens."""
    prompts = _prompts()[BASE_TASKS : BASE_TASKS + LONG_TASKS]
    return [TextTask(f"l{i:04}", i, p, LONG_TOKENS) for i, p in enumerate(prompts[:count])]


def _prompts() -> list[str]:
    prompts = [form.format(topic) for topic in TOPICS for form in FORMS]
    random.Random(ORDER_SEED).shuffle(prompts)  # noqa: S311 - an order, no secret
    return prompts
