"""What every test run has: real servers on demand (tests/services.py), and no clock on generated examples."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.services"]

# The machine is shared with Kafka and PostgreSQL: how long one example takes says nothing about the code.
settings.register_profile("gateway", deadline=None, print_blob=True)
settings.load_profile("gateway")
