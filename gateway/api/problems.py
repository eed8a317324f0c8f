"""Errors as RFC 9457 problem documents; the only module that knows HTTP statuses (architecture.md §3)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from gateway.errors import Finding, GatewayError
from gateway.validate.report import ErrorTable

MEDIA_TYPE = "application/problem+json"
#: Code family → status (protocol.md §10); a row of contracts/errors.toml says otherwise where one code differs.
_FAMILIES = {
    "ENV": 400,
    "SIG": 403,
    "XSD": 422,
    "RUL": 422,
    "FLW": 409,
    "CLM": 409,
    "ATT": 422,
    "BUS": 400,
    "DIA": 422,
    "ACC": 403,
    "REQ": 400,
    "PRK": 409,
    "PAR": 409,
    "NOD": 503,
}


def status_of(error: GatewayError, table: ErrorTable) -> int:
    """The HTTP status of an error: its row's, else its family's; 503 is ours alone."""
    row = table.find(error.code)
    if row is not None and row.http:
        return row.http
    return _FAMILIES.get(error.code.partition("-")[0], 503)


def problem(error: GatewayError, table: ErrorTable) -> Response:
    """What is wrong, where, and the mend, in both languages, from the one table."""
    status, row = status_of(error, table), table.find(error.code)
    body: dict[str, Any] = {
        "type": f"urn:sct:problem:{error.code}",
        "title": row.title_en if row else error.code,
        "title_zh": row.title_zh if row else error.code,
        "status": status,
        "code": error.code,
        "detail": str(error) if status != HTTPStatus.SERVICE_UNAVAILABLE else "",
        "mend": row.mend_en if row else "",
        "mend_zh": row.mend_zh if row else "",
        "retryable": error.retryable,
        "findings": [shown(finding) for finding in error.findings],
    }
    headers = {"sct-code": error.code}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "5"
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def shown(finding: Finding) -> dict[str, Any]:
    """A finding for people and machines."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "xpath": finding.xpath,
        "line": finding.line,
        "text": finding.text_en,
        "text_zh": finding.text_zh,
        "mend": finding.mend_en,
        "mend_zh": finding.mend_zh,
        "source": finding.source,
    }
