"""JSON lines on standard output: ids and slugs, never bodies, keys, e-mails or signed URLs."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import structlog

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _ToStructlog(logging.Handler):
    """Carries the warnings of libraries over, without their tracebacks: those may show data."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line: of what is said, numbers and errors by class and SQLSTATE alone."""
        given = record.args if isinstance(record.args, tuple) else ()
        error = record.exc_info[1] if record.exc_info else None
        error = error or next((one for one in given if isinstance(one, BaseException)), None)
        try:
            text = str(record.msg) % tuple(map(_shown, given)) if given else str(record.msg)
        except (TypeError, ValueError):
            text = str(record.msg)
        kind = type(error).__name__ if error else None
        sqlstate = getattr(error, "sqlstate", None)
        log.log(
            record.levelno, "library", logger=record.name, text=text, error=kind, sqlstate=sqlstate
        )


def _shown(value: object) -> object:
    """Return what of a library's words may stand in a log: they could hold input or secrets."""
    if isinstance(value, BaseException):
        return type(value).__name__
    return value if isinstance(value, (int, float)) else "…"


def configure_logging(level: str) -> None:
    """Send everything of ours from this level on, and of libraries from WARNING on, to stdout."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_ToStructlog()]
    root.setLevel(logging.WARNING)


def origin(error: BaseException) -> str:
    """Return the type of an error and where it came from; its text could hold input."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
