"""Engine, unit of work, column types, number series and bulk paths for SQLite and PostgreSQL."""
