"""Classes of loans and what is provided for them."""
