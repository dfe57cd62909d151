"""python -m tickhouse_train features.parquet --out model.json"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from .distributions import distribution
from .fit import KINDS, Onnx, classes, fold_scores
from .folds import walk_forward
from .labels import by_instrument, future_return, load_target, reach
from .rows import Rows, read_rows

FORMAT = "tickhouse-model-1"
MICROS = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="tickhouse_train", description=__doc__)
    parser.add_argument("features", help="a Parquet file of tickhouse lab features")
    parser.add_argument("--out", required=True, help="the model's file")
    parser.add_argument("--kind", choices=sorted(KINDS), default="lightgbm")
    parser.add_argument("--horizon", type=int, default=6, help="of the label, samples")
    parser.add_argument("--embargo", type=int, help="between the last label and the test, samples; the horizon if not stated")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--permutations", type=int, default=10, help="trainings with shuffled labels")
    parser.add_argument("--label", help="file.py:function, instead of the return over the horizon")
    parser.add_argument("--onnx", help="train nothing: put this ONNX file, fitted on these rows by code of your own, into the model's file")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        model = train(read_rows(options.features), options)
    except ValueError as error:
        print(f"tickhouse_train: {error}", file=sys.stderr)
        return 1
    Path(options.out).write_text(json.dumps(model, indent=1) + "\n")
    if options.onnx:
        print(f"onnx: {options.out}")
        return 0
    aucs = [fold["auc"] for fold in model["folds"]]
    print(f"{model['kind']}: AUC of {len(aucs)} folds {min(aucs):.3f} to {max(aucs):.3f}, mean {np.mean(aucs):.3f}")
    if model["permuted_auc"]:
        print(f"  of shuffled labels {min(model['permuted_auc']):.3f} to {max(model['permuted_auc']):.3f}: {options.out}")
    return 0


def train(rows: Rows, options: argparse.Namespace) -> dict:
    """The model as JSON states it. Raises ValueError for a label that reaches beyond its horizon."""
    every = rows.facts["every_seconds"] * MICROS
    horizon = options.horizon * every
    embargo = horizon if options.embargo is None else options.embargo * every
    target_of = load_target(options.label) if options.label else future_return
    target = by_instrument(target_of, rows.at, rows.instrument, rows.price, horizon)
    first = rows.instrument == rows.instrument[0]
    reached = reach(target_of, rows.at[first], rows.price[first], horizon, options.seed)
    if reached > horizon:
        raise ValueError(
            f"a label depends on prices {reached / MICROS:.0f} s after its row, its horizon is {horizon / MICROS:.0f} s: "
            "it is smoothed over later rows, or fitted on the whole sample"
        )
    known = np.flatnonzero(rows.whole & np.isfinite(target))
    at, values, target = rows.at[known], rows.values[known], target[known]
    seed, names, kind = options.seed, rows.names, "onnx" if options.onnx else options.kind
    folds = [] if options.onnx else walk_forward(at, options.folds, horizon, embargo)
    results, predicted = [], []
    for fold in folds:
        scores, probabilities = fold_scores(kind, values, target, fold.train, fold.test, names, seed)
        predicted.append(probabilities)
        trained = [int(at[fold.train].min()), int(at[fold.train].max())]
        results.append(
            {
                "train": trained,
                "test": [int(at[fold.test].min()), int(at[fold.test].max())],
                "rows": [len(fold.train), len(fold.test)],
                "purged": fold.purged,
                # Scales and thresholds are learned of these rows.
                "fitted_on": trained,
                **scores,
            }
        )
    random = np.random.default_rng(seed)
    permuted = []
    for _ in range(options.permutations if folds else 0):
        shuffled = random.permutation(target)
        aucs = [fold_scores(kind, values, shuffled, fold.train, fold.test, names, seed)[0]["auc"] for fold in folds]
        permuted.append(float(np.mean(aucs)))
    threshold = float(np.median(target))
    fitted = Onnx(options.onnx) if options.onnx else KINDS[kind](values, classes(target, threshold), names, seed)
    facts = rows.facts
    return {
        "format": FORMAT,
        "kind": kind,
        "features": {
            "schema": facts["schema"],
            "names": names,
            "every_seconds": facts["every_seconds"],
            "window": facts["window"],
        },
        "label": {
            "target": "own" if options.label else "return",
            "horizon": options.horizon,
            "reach_micros": reached,
            "threshold": threshold,
        },
        "trained": {
            "from": int(at.min()),
            # The last label was known then.
            "until": int(at.max()) + horizon,
            "rows": len(at),
            "instruments": sorted(set(rows.instrument.tolist())),
            "run": facts["run"],
            "dataset": facts["dataset"],
            "features_sha256": facts["sha256"],
            "seed": seed,
        },
        "embargo": embargo // every,
        "folds": results,
        "permuted_auc": permuted,
        "distributions": {
            "features": [distribution(column) for column in values.T],
            # Of rows that it was not fitted on: as it will predict.
            **({"probability": distribution(np.concatenate(predicted))} if predicted else {}),
        },
        **fitted.stated(),
    }


if __name__ == "__main__":
    sys.exit(main())
