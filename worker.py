"""Placeholder until the worker stands."""
