"""Jobs as data, their runs under leases, and the process that looks for due ones."""
