"""All of the configuration."""

from .indexes import *
from .models import LLM
