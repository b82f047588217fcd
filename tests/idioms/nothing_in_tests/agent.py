"""The agent itself uses nothing; its tests and their helpers do."""

import mlflow


class Upper(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return str(model_input).upper()


mlflow.models.set_model(Upper())
