"""Fits models. Whatever is learned of the data (scales, thresholds) is learned of the rows given, which are training rows."""

import base64
import warnings
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

TREES = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
ROUNDS = 60


class Trees:
    kind = "lightgbm"

    def __init__(self, values: np.ndarray, labels: np.ndarray, names: list[str], seed: int):
        data = lightgbm.Dataset(values, labels, feature_name=names)
        self.booster = lightgbm.train({**TREES, "seed": seed}, data, ROUNDS)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Before the sigmoid."""
        return self.booster.predict(values, raw_score=True)

    def stated(self) -> dict:
        return {"lightgbm": self.booster.model_to_string()}


class Logistic:
    """Of standardised features; a value that is not known is their mean."""

    kind = "logistic"

    def __init__(self, values: np.ndarray, labels: np.ndarray, names: list[str], seed: int):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # A column without values has no mean.
            means, scales = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.means = np.nan_to_num(means)
        self.scales = np.where(np.isfinite(scales) & (scales > 0), scales, 1.0)
        fitted = LogisticRegression(C=1.0, max_iter=1000, random_state=seed).fit(self.standard(values), labels)
        self.coefficients, self.intercept = fitted.coef_[0], float(fitted.intercept_[0])

    def standard(self, values: np.ndarray) -> np.ndarray:
        return np.nan_to_num((values - self.means) / self.scales, nan=0.0)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Summed one feature after the other, as where it is played: the same doubles."""
        total = np.full(len(values), self.intercept)
        standard = self.standard(values)
        for column, coefficient in enumerate(self.coefficients):
            total = total + standard[:, column] * coefficient
        return total

    def stated(self) -> dict:
        parts = {"means": self.means, "scales": self.scales, "coefficients": self.coefficients}
        return {"logistic": {**{name: part.tolist() for name, part in parts.items()}, "intercept": self.intercept}}


class Onnx:
    """A file that code of the user fitted: one float input of all features, the probabilities of two classes as output."""

    def __init__(self, file: str):
        try:
            self.content = Path(file).read_bytes()
        except OSError as error:
            raise ValueError(f"cannot read {file}: {error.strerror}") from error

    def stated(self) -> dict:
        return {"onnx": base64.b64encode(self.content).decode()}


KINDS = {"lightgbm": Trees, "logistic": Logistic}


def classes(target: np.ndarray, threshold: float) -> np.ndarray:
    return (target > threshold).astype(int)


def fold_scores(kind: str, values: np.ndarray, target: np.ndarray, train, test, names: list[str], seed: int) -> tuple[dict, np.ndarray]:
    """AUC and log loss on the test rows of a model of the training rows, and its probabilities of them; the threshold is their median."""
    threshold = float(np.median(target[train]))
    labels, truth = classes(target[train], threshold), classes(target[test], threshold)
    if labels.min() == labels.max() or truth.min() == truth.max():
        return {"auc": 0.5, "log_loss": float(np.log(2)), "threshold": threshold}, np.full(len(test), 0.5)
    scores = KINDS[kind](values[train], labels, names, seed).scores(values[test])
    probabilities = 1 / (1 + np.exp(-scores))
    auc, loss = roc_auc_score(truth, scores), log_loss(truth, probabilities)
    return {"auc": float(auc), "log_loss": float(loss), "threshold": threshold}, probabilities
