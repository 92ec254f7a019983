"""The tables of the queue: a schema of their own beside the journal's, made by the first command that needs them.

Nothing in them outlives a run, so each version of them and of procrastinate has its own, and none is ever migrated.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from acctcfg.journal.postgres_server import Connection

__all__ = ["SCHEMA", "make"]

FORMAT: Final = 2  # of our own tables
SCHEMA: Final = f"acctcfg_queue_{FORMAT}_{version('procrastinate').replace('.', '_')}"
_FIRST_RUNS: Final = 0x61636367  # two that come at once make the tables one after the other

_OURS: Final = f"""
CREATE UNLOGGED TABLE {SCHEMA}.places (
    id bigserial PRIMARY KEY, bucket text NOT NULL, until double precision NOT NULL, sent boolean NOT NULL
);
CREATE TABLE {SCHEMA}.reads (
    plan text, part integer, at timestamptz DEFAULT now(), wanted text NOT NULL, answers text,
    PRIMARY KEY (plan, part)
);
CREATE INDEX places_by_bucket ON {SCHEMA}.places (bucket, until);
CREATE FUNCTION {SCHEMA}.exchange(
    answered bigint[], windows double precision[], unused bigint[],
    wanted text[], counts integer[], leases double precision[]
) RETURNS TABLE (place bigint, wait double precision) LANGUAGE plpgsql AS $$
DECLARE
    now double precision;
    used integer;
BEGIN
    PERFORM pg_advisory_xact_lock({_FIRST_RUNS + 1});
    now := extract(epoch FROM clock_timestamp());
    UPDATE {SCHEMA}.places SET until = now + ended.lasts, sent = true
        FROM unnest(answered, windows) AS ended (id, lasts) WHERE places.id = ended.id;
    DELETE FROM {SCHEMA}.places WHERE id = ANY (unused) OR until <= now;
    FOR i IN 1 .. coalesce(array_length(wanted, 1), 0) LOOP
        SELECT count(*), coalesce(min(until) FILTER (WHERE sent) - now, 0) INTO used, wait
            FROM {SCHEMA}.places WHERE bucket = wanted[i];
        place := NULL;
        IF used < counts[i] THEN
            INSERT INTO {SCHEMA}.places (bucket, until, sent) VALUES (wanted[i], now + leases[i], false)
                RETURNING id INTO place;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;
"""  # noqa: S608  (constants only)
"""A place is one request: for as long as it may be under way, and for a window after its answer, it counts. A row of
`reads` is a part of a plan that is under way: accounts to be read, and what the venue answered."""

_MADE: Final = """
SELECT (SELECT count(*) FROM pg_class JOIN pg_namespace AS its ON its.oid = relnamespace
    WHERE nspname = %s AND relname IN ('procrastinate_jobs', 'reads')),
    (SELECT count(*) FROM pg_proc JOIN pg_namespace AS its ON its.oid = pronamespace
    WHERE nspname = %s AND proname = 'exchange')
"""


def make(connection: Connection) -> None:
    """Make what is not there. The tables of the jobs are procrastinate's own."""
    if _whole(connection):
        return
    from procrastinate.schema import SchemaManager

    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_FIRST_RUNS])
        if _whole(connection):
            return
        if not _there(connection):
            connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        connection.execute(f"SET LOCAL search_path = {SCHEMA}".encode())
        connection.execute(SchemaManager.get_schema().encode())
        connection.execute(_OURS.encode())


def _whole(connection: Connection) -> bool:
    """Whether everything is there: it is made in one transaction, the function last.

    By a query, which sees what another process has just committed: `to_regclass` may remember that it was not there.
    """
    found = connection.execute(_MADE.encode(), [SCHEMA, SCHEMA]).fetchone()
    return found == (2, 1)


def _there(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone() is not None
