"""Error bodies in the shape of the cloud's."""

from __future__ import annotations

from starlette.responses import JSONResponse

UNAUTHENTICATED = "You did not pass a valid authentication token"
NOT_FOUND = "The requested resource could not be found."


def problem(
    status: int, title: str, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error as application/problem+json."""
    body = {"title": title, "detail": detail, "status": status}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def unauthenticated() -> JSONResponse:
    """Return the 401."""
    return problem(401, "Unauthenticated", UNAUTHENTICATED)


def not_found() -> JSONResponse:
    """Return the 404."""
    return problem(404, "Not found", NOT_FOUND)


def throttled(seconds: int) -> JSONResponse:
    """Return the 429."""
    detail = f"Request was throttled. Your rate limit resets in ~{seconds}s."
    return problem(429, "Too many requests", detail, {"retry-after": str(seconds)})


def invalid_input(errors: list[tuple[str, str]]) -> JSONResponse:
    """Return the 422 for errors given as (field, what is wrong)."""
    lines = "\n".join(f"- {where}: {what}" for where, what in errors)
    fields = [{"type": "invalid", "field": where, "description": what} for where, what in errors]
    body = {
        "title": "Input validation failed",
        "detail": lines,
        "status": 422,
        "invalid_fields": fields,
    }
    return JSONResponse(body, 422, media_type="application/problem+json")
