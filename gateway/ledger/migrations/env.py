"""Alembic's entry: runs on the connection that `gateway.ledger.migrate` hands over, inside its transaction."""

from alembic import context

from gateway.ledger import tables_node
from gateway.ledger.schema import METADATA

# The node's tables import all others: with them the metadata is whole, which `alembic revision --autogenerate` compares.
assert tables_node.STORED, "the tables are declared at import"  # noqa: S101  # a reader of this file, not input, would break it

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
