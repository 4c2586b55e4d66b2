"""The ledger and its counters in PostgreSQL, for several gateways on one record (extra `postgresql`)."""
