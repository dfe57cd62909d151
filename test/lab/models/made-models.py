"""Small LightGBM models with their scores, as JSON: python made-models.py <seed> [rounds] > made-models.json"""

import json
import struct
import sys

import lightgbm
import numpy as np

FEATURES, LEAVES, SHOWN = 9, 7, 60
VARIANTS = {
    "nan": {},
    "zero_as_missing": {"zero_as_missing": True},
    "no missing": {"use_missing": False},
    "steep sigmoid": {"sigmoid": 1.7},
}


def hexes(values) -> list[str]:
    return [struct.pack(">d", value).hex() for value in values]


def main(seed: int, rounds: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(2000, FEATURES))
    values[:, 2] = np.round(values[:, 2])
    labels = (values[:, 0] + 0.5 * values[:, 2] * values[:, 1] + random.normal(size=2000) > 0).astype(int)
    values[random.random(values.shape) < 0.1] = np.nan
    made = []
    for name, parameters in VARIANTS.items():
        settings = {"objective": "binary", "num_leaves": LEAVES, "min_data_in_leaf": 20, "verbosity": -1, "num_threads": 1}
        booster = lightgbm.train({**settings, **parameters, "seed": seed}, lightgbm.Dataset(values, labels), rounds)
        shown = random.normal(size=(SHOWN, FEATURES))
        special = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-35, np.inf, -np.inf, 1e-30]
        thresholds = [float(value) for line in booster.model_to_string().split("\n") if line.startswith("threshold=") for value in line[10:].split()]
        special += thresholds[:40]
        at = random.random(shown.shape) < 0.4
        shown[at] = random.choice(special, at.sum())
        made.append(
            {
                "name": name,
                "text": booster.model_to_string().split("\nfeature_importances")[0],
                "values": [hexes(row) for row in shown],
                "scores": hexes(booster.predict(shown, raw_score=True)),
                "probabilities": hexes(booster.predict(shown)),
            }
        )
    json.dump(made, sys.stdout, indent=1)
    print()


main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4)
