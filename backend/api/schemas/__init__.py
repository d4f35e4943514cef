"""The shapes of all answers, as they stand in the OpenAPI document."""
