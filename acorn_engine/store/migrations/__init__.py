"""The versions of the tables; run by ``acorn_engine.store.schema`` only."""
