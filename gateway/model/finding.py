"""Findings stand in `gateway.errors`, at the bottom, because refusals carry them."""

from gateway.errors import Finding, Severity

__all__ = ["Finding", "Severity"]
