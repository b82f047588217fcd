"""Indexes."""

__all__ = ["ARTICLES"]

_SCHEMA = "press.kb"
ARTICLES = f"{_SCHEMA}.articles"
