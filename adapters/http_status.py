"""What an HTTP status says by itself, the same for every dialect."""

from __future__ import annotations

from http import HTTPStatus


def try_again(status: int) -> bool:
    """The partner's side failed or is busy: the same call may succeed later."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }


def no_entry(status: int) -> bool:
    """Our credential is not taken."""
    return status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def taken(status: int) -> bool:
    """2xx."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
