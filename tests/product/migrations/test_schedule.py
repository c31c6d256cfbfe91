"""What the database does by itself, where pg_cron is there."""

from __future__ import annotations

from tests.support.database import Database


def test_the_sweep_is_scheduled_every_minute(db: Database) -> None:
    jobs = db.rows("select jobname, schedule, command from cron.job")
    assert jobs == [
        {
            "jobname": "thumbsmith_sweep",
            "schedule": "* * * * *",
            "command": "select private.sweep()",
        }
    ]
    # Run as cron runs it.
    done = db.value(str(jobs[0]["command"]))
    assert "expired" in done
    assert set(done.values()) == {0}
