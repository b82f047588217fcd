"""Code paths hold more than the agent imports."""

import mlflow
from used import shout


class Shouting(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return shout(str(model_input))


mlflow.models.set_model(Shouting())
