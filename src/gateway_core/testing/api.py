"""The few routes of Discord's HTTP API that a bot needs to find its gateway and to log in.

Source: Discord documentation, "Gateway", sections "Get Gateway" and "Get Gateway Bot"; "User",
section "Get Current User"; "Application", section "Get Current Application"; "Rate Limits".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .sessions import dumps
from .wire import Request, Response

if TYPE_CHECKING:
    from .gateway import FakeGateway

__all__ = ["API_PATH", "HttpFailure", "answer"]

API_PATH = "/api/v10"

# Without parameters ("; charset"), and with Via: so does Discord, and some clients insist on the
# one, and take a 429 without the other for a ban.
_JSON = {"Content-Type": "application/json", "Via": "1.1 simulator"}


class HttpFailure:
    """A status with which the next few requests for a path are answered instead of properly."""

    def __init__(self, status: int, *, path: str, times: int, retry_after: float) -> None:
        self.status = HTTPStatus(status)
        self.path = path
        self.times = times
        self.retry_after = retry_after

    def take(self, path: str) -> Response | None:
        """Return the failure if it is for this path, and count it."""
        if self.times <= 0 or path != self.path:
            return None
        self.times -= 1
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            body = {
                "message": "You are being rate limited.",
                "retry_after": self.retry_after,
                "global": False,
            }
            headers = {
                "Retry-After": str(max(1, round(self.retry_after))),
                "X-RateLimit-Limit": "1",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset-After": str(self.retry_after),
                "X-RateLimit-Bucket": "simulator",
                "X-RateLimit-Scope": "user",
            }
            return _json(body, self.status, headers)
        # What stands before Discord answers with a page of its own, not with JSON.
        page = f"<html><body><h1>{self.status.value} {self.status.phrase}</h1></body></html>"
        return Response(self.status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})


def answer(gateway: FakeGateway, request: Request) -> Response:
    """Answer a request to the HTTP API."""
    if not request.path.startswith(API_PATH + "/"):
        return _error(HTTPStatus.NOT_FOUND)
    route = request.path.removeprefix(API_PATH)
    if route == "/gateway" and request.method == "GET":
        return _json({"url": gateway.url.removesuffix("/")})
    token = request.headers.get("authorization", "")
    if not token.startswith("Bot ") or not gateway.accepts_token(token.removeprefix("Bot ")):
        return _error(HTTPStatus.UNAUTHORIZED)
    if route not in _ROUTES:
        return _error(HTTPStatus.NOT_FOUND)
    if request.method != "GET":
        return _error(HTTPStatus.METHOD_NOT_ALLOWED)
    return _json(_ROUTES[route](gateway))


def _gateway_bot(gateway: FakeGateway) -> Mapping[str, Any]:
    return gateway.describe()


def _user(gateway: FakeGateway) -> Mapping[str, Any]:
    return {**gateway.user, "flags": 0, "mfa_enabled": True, "verified": True, "email": None}


def _application(gateway: FakeGateway) -> Mapping[str, Any]:
    user = gateway.user
    return {
        "id": user["id"],
        "name": user["username"],
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 565_248,
        "owner": {**user, "id": "80351110224678912", "username": "owner", "bot": False},
        "team": None,
        "tags": [],
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(gateway.guilds),
        "approximate_user_install_count": 0,
    }


_ROUTES: Mapping[str, Callable[[FakeGateway], Mapping[str, Any]]] = {
    "/gateway/bot": _gateway_bot,
    "/users/@me": _user,
    "/applications/@me": _application,
    "/oauth2/applications/@me": _application,
}


def _json(
    body: Any, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    return Response(status, dumps(body), {**_JSON, **(headers or {})})


def _error(status: HTTPStatus) -> Response:
    return _json({"message": f"{status.value}: {status.phrase}", "code": 0}, status)
