"""Alembic's entry: runs on the connection that `gateway.ledger.migrate` hands over, inside its transaction."""

from alembic import context

# The node's tables import all others: with them the metadata is whole, as `revision --autogenerate` needs it.
from gateway.ledger.tables_node import TOKENS

context.configure(connection=context.config.attributes["connection"], target_metadata=TOKENS.table.metadata)
with context.begin_transaction():
    context.run_migrations()
