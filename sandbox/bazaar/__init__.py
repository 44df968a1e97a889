"""A pretend marketplace: it has the buyers' money, and pays back what is agreed. docs/bazaar-api.md."""
