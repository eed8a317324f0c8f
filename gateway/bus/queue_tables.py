"""Tables of the SQL bus: a queue of records with claims, and what each group has seen of compacted topics."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()
#: SQLite counts its row ids in INTEGER alone; elsewhere ids are 64 bits wide.
_Id = BigInteger().with_variant(Integer, "sqlite")

topics = Table(
    "bus_topics",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("kind", Text, nullable=False),
)

records = Table(
    "bus_records",
    metadata,
    # Never reused, so that a later record cannot take the place of an earlier one that is done.
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", Text, nullable=False),
    Column("claimed_by", Text, nullable=True),
    # Real time in microseconds, not the node's clock: a lease has to end even where a test's clock stands still.
    Column("claimed_until_us", BigInteger, nullable=True),
    sqlite_autoincrement=True,
)

# The next records of a topic in order: `poll`.
Index("bus_records_next", records.c.topic, records.c.id)
# The earlier records of a key (compacted topics), to be replaced on publishing.
Index("bus_records_key", records.c.topic, records.c.key, records.c.id)
# Whether an earlier record of the same key is in other hands: few rows, asked once for every candidate of `poll`.
Index(
    "bus_records_claimed",
    records.c.topic,
    records.c.key,
    records.c.id,
    sqlite_where=records.c.claimed_by.is_not(None),
    postgresql_where=records.c.claimed_by.is_not(None),
)

seen = Table(
    "bus_seen",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("reader_group", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("id", BigInteger, nullable=False),
)
