"""ONNX models of scikit-learn with their probabilities, as JSON: python made-onnx.py > made-onnx.json (numpy, scikit-learn, skl2onnx, onnxruntime)"""

import base64
import json
import sys

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES, SHOWN = 9, 40
MODELS = {
    "linear": make_pipeline(StandardScaler(), LogisticRegression()),
    "trees": GradientBoostingClassifier(n_estimators=8, max_depth=3, random_state=1),
}

random = np.random.default_rng(1)
values = random.normal(size=(2000, FEATURES)).astype(np.float32)
labels = (values[:, 0] + 0.5 * values[:, 2] * values[:, 1] + random.normal(size=2000) > 0).astype(int)
shown = random.normal(size=(SHOWN, FEATURES)).astype(np.float32)
made = {}
for name, model in MODELS.items():
    model.fit(values, labels)
    content = to_onnx(model, values[:1], options={"zipmap": False}, target_opset=15).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    probabilities = [float(session.run(["probabilities"], {"X": row[None]})[0][0, 1]) for row in shown]
    made[name] = {"onnx": base64.b64encode(content).decode(), "values": shown.tolist(), "probabilities": probabilities}
made["mapped"] = {"onnx": base64.b64encode(to_onnx(MODELS["linear"], values[:1], target_opset=15).SerializeToString()).decode()}
json.dump(made, sys.stdout, indent=1)
print()
