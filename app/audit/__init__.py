"""The audit journal: every write, hash-chained per organisation."""
