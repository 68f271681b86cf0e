"""Price and rate series: allowances, credits, certificates, local sinks, loan prime rate."""
