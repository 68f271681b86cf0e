"""The shell that all rooms share: access, forms, problems, idempotency, paging, language, OpenAPI."""
