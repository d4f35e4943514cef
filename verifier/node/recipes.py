"""Recipes of profiles: those that ship, and those the chain's registry announced.

A recipe is its own proof: its hash is the profileId, so where it comes from does not matter.
"""

from __future__ import annotations

from chain.events import ProfileRegistered
from verifier import profiles
from verifier.errors import ProfileError
from verifier.node.court_view import ChainReader
from verifier.node.store import Store
from verifier.profiles import Profile

__all__ = ["RecipeBook"]

_CHUNK = 1000  # blocks


class RecipeBook:
    """Finds the recipe of a profileId."""

    def __init__(self, store: Store, gateway: ChainReader, first_block: int) -> None:
        self._store = store
        self._gateway = gateway
        self._first_block = first_block
        self._known: dict[bytes, Profile] = {}

    def profile(self, profile_id: bytes) -> Profile:
        """The profile. ProfileError if neither this version nor the chain has its recipe."""
        if profile_id not in self._known:
            self._known[profile_id] = self._find(profile_id)
        return self._known[profile_id]

    def learn(self, event: ProfileRegistered) -> None:
        """Remembers a recipe that the registry announced."""
        self._store.add_recipe(bytes(event.profile_id), event.recipe)

    def _find(self, profile_id: bytes) -> Profile:
        try:
            return profiles.by_id(profile_id)
        except ProfileError:
            recipe = self._store.recipe(profile_id) or self._search(profile_id)
            if recipe is None:
                raise
        return Profile.parse(recipe, profile_id)

    def _search(self, profile_id: bytes) -> bytes | None:
        head = self._gateway.head().number
        for start in range(self._first_block, head + 1, _CHUNK):
            for event in self._gateway.logs(start, min(start + _CHUNK - 1, head)):
                if isinstance(event, ProfileRegistered):
                    self.learn(event)
                    if event.profile_id == profile_id:
                        return event.recipe
        return None
