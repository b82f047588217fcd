"""Models."""

LLM = "press-chat"
