"""Shared by all tests."""

pytest_plugins = ["tests.support.kinds", "tests.support.fixtures", "tests.support.databases"]
