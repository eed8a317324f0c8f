"""HTTP as the demo calls it: a node's API with a token, a simulator's controls; answers are JSON."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import NodeError

_PATIENCE_S = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back."""

    status: int
    #: Decoded JSON, or the text where it is none.
    body: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Calls one address; `token` is the bearer token, empty where none is wanted."""

    base: str
    token: str = field(default="", repr=False)

    def get(self, path: str) -> Any:
        """The body of a successful GET. Raises `NodeError` for any other answer."""
        return self._good("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        """The body of a successful POST. Raises `NodeError` for any other answer."""
        return self._good("POST", path, body)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Any answer. Raises `NodeError` where none comes."""
        address = urlsplit(self.base)
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        if data is not None:
            headers["content-type"] = "application/json"
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_PATIENCE_S)
        try:
            connection.request(method, address.path + path, body=data, headers=headers)
            answer = connection.getresponse()
            return Answer(status=answer.status, body=_decoded(answer.read()))
        except (OSError, http.client.HTTPException) as error:
            raise NodeError(f"{method} {self.base}{path}: {error}") from error
        finally:
            connection.close()

    def _good(self, method: str, path: str, body: Any) -> Any:
        answer = self.call(method, path, body)
        if answer.status >= 400:  # noqa: PLR2004 - the first status of failure
            raise NodeError(
                f"{method} {path} answered {answer.status}: {json.dumps(answer.body, ensure_ascii=False)[:1500]}"
            )
        return answer.body


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")
