"""What the agent needs."""


def shout(text: str) -> str:
    return text.upper() + "!"
