"""Workflows of ten transaction steps with DBOS: `workflows.py DATABASE_URL WORKFLOWS`.

Prints a name and a figure a line.
"""

import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from dbos import DBOS, SQLAlchemyDatasource

STEPS = 10
# As many side by side as the toolkit runs.
SIDE_BY_SIDE = 16

url, count = sys.argv[1], int(sys.argv[2])
if url.startswith("sqlite"):
    # DBOS leaves the rollback journal on; with the log it is faster. Every commit is synced.
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
else:
    url = url.replace("postgres://", "postgresql+psycopg://")

DBOS(
    config={
        "name": "bench",
        "system_database_url": url,
        "sys_db_pool_size": SIDE_BY_SIDE,
        "max_executor_threads": SIDE_BY_SIDE,
        "log_level": "ERROR",
    }
)
effects = SQLAlchemyDatasource.create(url, {"pool_size": SIDE_BY_SIDE})
with effects.engine.begin() as connection:
    table = "CREATE TABLE effects (workflow BIGINT, step BIGINT, PRIMARY KEY (workflow, step))"
    connection.execute(sa.text(table))


# SQLite is serializable always; on PostgreSQL the toolkit's transactions are not.
ISOLATION = "SERIALIZABLE" if url.startswith("sqlite") else "READ COMMITTED"


@effects.transaction(isolation_level=ISOLATION)
def effect(workflow: int, step: int) -> int:
    insert = sa.text("INSERT INTO effects (workflow, step) VALUES (:workflow, :step)")
    effects.sql_session().execute(insert, {"workflow": workflow, "step": step})
    return step


@DBOS.workflow()
def ten_steps(workflow: int) -> int:
    return sum(effect(workflow, step) for step in range(STEPS))


DBOS.launch()
begin = time.monotonic()
# Called by threads of ours: no queue between, which would add commits.
with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
    list(threads.map(ten_steps, range(count)))
print("done", count / (time.monotonic() - begin))
with effects.engine.begin() as connection:
    written = connection.execute(sa.text("SELECT count(*) FROM effects")).scalar()
DBOS.destroy()
if written != count * STEPS:
    sys.exit(f"{written} effects of {count} workflows")
