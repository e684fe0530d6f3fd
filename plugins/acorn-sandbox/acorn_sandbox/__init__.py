"""A stateful Selling Partner API on loopback, for demos, tests and ERP developers."""
