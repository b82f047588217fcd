"""Doubles for a demonstration without a workspace."""


class GenieAgent:
    def __init__(self, genie_space_id: str):
        self.genie_space_id = genie_space_id


class UCFunctionToolkit:
    def __init__(self, function_names: list[str]):
        self.tools = [str.upper for _ in function_names]
