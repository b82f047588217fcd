"""Helpers of the agent."""

from .llm import make_llm

__all__ = ["make_llm"]
