"""Constants of the travel agent."""

LLM = "databricks-claude-haiku-4-5"
SPACE = "01f0998877665544332211ffeeddccbb"
FUNCTIONS = ("trips.tools.flights", "trips.tools.hotels")
