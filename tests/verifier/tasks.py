"""Tasks for tests."""

from verifier.tasks import Task


def text_task(prompt: str = "Why is the sky blue?", model: str = "m", **parameters) -> Task:
    """A text task of the all-zero profile."""
    return Task(bytes(32), "text", model, prompt=prompt, parameters=parameters)


def image_task(condition: int = 40, model: str = "m", **parameters) -> Task:
    """An image task of the all-zero profile."""
    return Task(bytes(32), "image", model, condition=condition, parameters=parameters)
