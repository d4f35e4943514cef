"""Thousands of requests made from the API's own description: none may break the server."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.api import create_app
from tests.backend.conftest import World, relaying
from tests.backend.epochs import epoch_of, told, with_anchor
from tests.backend.stories import accepted_round, drawn, rejected_round, submitted
from tests.support.fakechain import word

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

EXAMPLES = 200 if os.environ.get("CAMPAIGN") == "deep" else 40


def test_api__when_asked_anything_its_description_allows__then_no_5xx_and_as_described(
    world: World,
) -> None:
    accepted_round(world.chain, word("one"))
    rejected_round(world.chain, word("two"))
    told(with_anchor(world), epoch_of(world))
    world.chain.mine(*submitted(word("three"), word("an output")))
    world.chain.mine(*drawn(word("three"), world.chain.blocks[-1].timestamp + 10**9))
    world.catch_up()
    app = create_app(replace(world.services(), relay=relaying(world)))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path == "/v1/events/stream":
            continue  # It does not end.

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(
                checks=[
                    not_a_server_error,
                    status_code_conformance,
                    content_type_conformance,
                    response_schema_conformance,
                ]
            )

        ask()
    assert asked > 10 * EXAMPLES
