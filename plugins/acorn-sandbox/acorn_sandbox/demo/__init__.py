"""The demonstration: a seller's catalogue on seven sites, repriced through a real HTTP conversation."""
