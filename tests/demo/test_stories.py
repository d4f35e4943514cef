"""The table of stories hangs together with everything it names."""

from __future__ import annotations

import pytest

from chain.types import Verdict
from cli.demo.actors import PARTS
from cli.demo.story import PROVIDERS, STORIES, VERIFIERS, Story
from cli.demo.works import WORKS
from verifier import profiles

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_story__everything_it_names__exists(story: Story) -> None:
    profile = profiles.load(story.profile)
    assert profile.modality in (story.prompt["modality"], "any")
    assert story.work in WORKS
    assert story.provider in PROVIDERS
    for part in (story.provider_acts, *story.seats.values()):
        assert part == "honest" or part in PARTS


def test_stories__taken_together__cover_what_the_demo_promises() -> None:
    assert len(STORIES) >= 16
    assert len(VERIFIERS) >= 8
    assert {story.expected for story in STORIES} == set(Verdict) - {Verdict.NONE}
    assert {part for story in STORIES for part in story.seats.values()} >= {
        "lazy",
        "copycat",
        "silent",
        "colluder",
    }
    assert {story.provider_acts for story in STORIES} >= {"silent", "claims-honest-digest"}
    assert {story.work for story in STORIES} == set(WORKS)
    assert any(story.kill is not None for story in STORIES)
    assert all(story.kill is None or story.provider_acts == "waits-for-gate" for story in STORIES)


def test_stories__prompts__are_all_different() -> None:
    prompts = [repr(sorted(story.prompt.items(), key=str)) for story in STORIES]
    assert len(set(prompts)) == len(prompts)
