"""Engines: from flows to values. They know no model."""
