"""Pure shared types: no Flask, no database, no clock of its own."""
