"""Profiles: versioned, hashed recipes for comparing outputs, as data.

A recipe is JSON of schema `assay/profile/1`; profileId = keccak256 of its RFC 8785 bytes. The
recipes that ship are the `*.json` files here, and `index.json` names the profileId of each, so that
an edited recipe is refused instead of quietly being another profile. Fees, windows and stakes are
not in it: they belong to a deployment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Self

from verifier.canonical import (
    canonical_json,
    from_hex,
    keccak256,
    parse_object,
    require_fields,
    shown,
)
from verifier.digest.families import FAMILIES, Digester, Family
from verifier.digest.params import integer
from verifier.errors import ProfileError
from verifier.tasks import MODALITIES

__all__ = ["SCHEMA", "Profile", "by_id", "load", "names"]

SCHEMA = "assay/profile/1"
MAX_RECIPE_BYTES = 1 << 16
FIELDS = (
    "schema",
    "name",
    "version",
    "modality",
    "family",
    "canonicalisation",
    "maxBytes",
    "features",
    "tolerance",
    "environment",
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One recipe.

    profile_id: 32 bytes; recipe: the canonical bytes behind it; tolerance: the largest Hamming
    distance that still counts as the same output; max_bytes: of an output; environment: what an
    engine's `info()` must say (`pins`) and what else outputs depend on (`varies_with`).
    """

    profile_id: bytes
    recipe: bytes = field(repr=False)
    name: str
    version: int
    modality: str
    family: Family
    canonicalisation: str
    max_bytes: int
    features: Mapping[str, Any] = field(repr=False)
    tolerance: int
    pins: Mapping[str, str]
    varies_with: tuple[str, ...]
    digester: Digester = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: bytes, expected_id: bytes | None = None) -> Self:
        """The recipe in `data`; refused unless well-formed and hashing to `expected_id`."""
        value = parse_object(data, "profile", MAX_RECIPE_BYTES, ProfileError)
        schema = value.get("schema")
        if schema != SCHEMA:
            raise ProfileError(
                f"The profile's schema is {shown(schema)}; this version reads {SCHEMA!r}."
            )
        require_fields(value, "profile", FIELDS, ProfileError)
        recipe = canonical_json(value, ProfileError)
        profile_id = keccak256(recipe)
        if expected_id is not None and profile_id != expected_id:
            raise ProfileError(
                f"The profile {shown(value['name'])} hashes to 0x{profile_id.hex()}, but "
                f"0x{expected_id.hex()} is expected; it was altered, so restore it."
            )
        family = FAMILIES.get(_text(value, "family"))
        if family is None:
            raise ProfileError(
                f"The profile's family {shown(value['family'])} is unknown; "
                f"known: {', '.join(sorted(FAMILIES))}."
            )
        _one_of(value, "modality", (*MODALITIES, "any"))
        _one_of(value, "canonicalisation", family.canonicalisations)
        pins, varies_with = _environment(value["environment"])
        max_bytes = integer(value, "maxBytes", 1, 1 << 25)
        features = _object(value, "features")
        return cls(
            profile_id=profile_id,
            recipe=recipe,
            name=_text(value, "name"),
            version=integer(value, "version", 1, 1 << 31),
            modality=value["modality"],
            family=family,
            canonicalisation=value["canonicalisation"],
            max_bytes=max_bytes,
            features=MappingProxyType(features),
            tolerance=integer(value, "tolerance", 0, family.max_tolerance),
            pins=MappingProxyType(pins),
            varies_with=varies_with,
            digester=family.digester.parse(features, max_bytes),
        )


def names() -> tuple[str, ...]:
    """The names of the profiles that ship, sorted."""
    return tuple(sorted(_index()))


@lru_cache(maxsize=64)
def load(name: str) -> Profile:
    """A profile that ships, by name; ProfileError when unknown or altered."""
    expected = _index().get(name)
    if expected is None:
        raise ProfileError(f"No profile is named {shown(name)}; known: {', '.join(names())}.")
    return Profile.parse((_folder() / f"{name}.json").read_bytes(), expected)


def by_id(profile_id: bytes) -> Profile:
    """A profile that ships, by profileId; ProfileError when unknown."""
    for name, known in _index().items():
        if known == profile_id:
            return load(name)
    raise ProfileError(
        f"No recipe here has the profileId 0x{bytes(profile_id).hex()}; upgrade, or use one of "
        f"{', '.join(names())}."
    )


def _folder() -> Any:
    return resources.files("verifier.profiles")


@lru_cache(maxsize=1)
def _index() -> Mapping[str, bytes]:
    value = parse_object(
        (_folder() / "index.json").read_bytes(), "profile index", MAX_RECIPE_BYTES, ProfileError
    )
    return MappingProxyType(
        {
            name: from_hex(known, 32, f"profileId of {name}", ProfileError)
            for name, known in value.items()
        }
    )


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value[name]
    if not isinstance(text, str) or not 0 < len(text) <= 64:
        raise ProfileError(f"The profile's {name} must be text of 1 to 64 characters.")
    return text


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value[name]
    if not isinstance(found, dict):
        raise ProfileError(f"The profile's {name} must be a JSON object.")
    return found


def _one_of(value: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> None:
    if value[name] not in allowed:
        raise ProfileError(
            f"The profile's {name} is {shown(value[name])}; it must be one of {', '.join(allowed)}."
        )


def _environment(value: Any) -> tuple[dict[str, str], tuple[str, ...]]:
    what = "profile's environment"
    if not isinstance(value, dict):
        raise ProfileError(f"The {what} must be a JSON object.")
    require_fields(value, what, ("pins", "variesWith"), ProfileError)
    pins, varies_with = value["pins"], value["variesWith"]
    if not isinstance(pins, dict) or not all(isinstance(pin, str) for pin in pins.values()):
        raise ProfileError(f"The {what} must have pins that are an object of texts.")
    if not isinstance(varies_with, list) or not all(isinstance(item, str) for item in varies_with):
        raise ProfileError(f"The {what} must have a list of texts as variesWith.")
    return pins, tuple(varies_with)
