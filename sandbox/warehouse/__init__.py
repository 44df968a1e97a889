"""A warehouse that speaks docs/warehouse-api.md."""
