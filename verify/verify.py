#!/usr/bin/env python3
"""Checks a tickhouse certificate against an archive, without any code of tickhouse: see docs/proof.md.

    pip install pyarrow cryptography
    python3 verify.py certificate.json data/archive --key "tickhouse/<archive>+<key id>+<key>" [--witness "<name>+<key id>+<key>"]

Prints ACCEPTED, or REFUSED with the reason. Exit code: 0 accepted, 1 refused, 2 not checked.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timezone
from decimal import Context, Decimal

try:
    import pyarrow
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ModuleNotFoundError as missing:
    print(f"cannot check: {missing.name} is not installed: pip install pyarrow cryptography", file=sys.stderr)
    sys.exit(2)

EXACT = Context(prec=400)
TIME = {"trades": "timestamp", "amendments": "timestamp", "marks": "timestamp", "liquidations": "timestamp"}
PAYLOAD_TYPE = "application/vnd.in-toto+json"
DENSE = ("dense", "aggregate")
ALWAYS = [
    "That the venue reported every trade, or reported it truly: only that what it sent is recorded.",
    "That nobody was shown another log: compare the checkpoint with one that another party kept.",
    "When a tick happened: times are those of the clocks of the venue and the recorder.",
]
NOT_PROVED = {
    "proved": "Whether trades happened in the range before its first id or after its last one.",
    "degraded": "What the missing ids were: they are listed.",
    "unprovable": "That none is missing: this kind of tick, or this venue, has no ids without holes.",
}


class Refused(Exception):
    def __init__(self, reason, why):
        super().__init__(f"{reason}: {why}")
        self.reason = reason


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def split(size):
    return 1 << ((size - 1).bit_length() - 1)


def tree_root(hashes):
    """RFC 6962: the root of these leaf hashes."""
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return sha256(b"\x01", tree_root(hashes[:k]), tree_root(hashes[k:]))


def included_root(index, size, leaf, proof):
    """The root that an inclusion proof leads to; None if it has the wrong length."""
    if size == 1:
        return leaf if not proof else None
    if not proof:
        return None
    k = split(size)
    below = included_root(index, k, leaf, proof[:-1]) if index < k else included_root(index - k, size - k, leaf, proof[:-1])
    if below is None:
        return None
    return sha256(b"\x01", below, proof[-1]) if index < k else sha256(b"\x01", proof[-1], below)


class Key:
    """A public key as golang.org/x/mod/sumdb/note writes it."""

    def __init__(self, text, kind=1):
        self.name, self.id, data = text.strip().split("+", 2)
        raw = base64.b64decode(data)
        if raw[0] != kind or sha256(self.name.encode(), b"\n", raw)[:4].hex() != self.id:
            raise ValueError("not a public key")
        self.public = Ed25519PublicKey.from_public_bytes(raw[1:])

    def signed(self, signature, message):
        try:
            self.public.verify(signature, message)
            return True
        except InvalidSignature:
            return False

    def checkpoint(self, note):
        """Size and root of a signed checkpoint; None if this key did not sign it."""
        try:
            return self.opened(note)
        except (ValueError, IndexError):
            return None

    def cosigned(self, note):
        """When this witness cosigned a checkpoint; raises Refused if it did not."""
        text, _, lines = note.rpartition("\n\n")
        own = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines() if line.startswith(f"— {self.name} ")]
        own = [signature[4:] for signature in own if signature[:4].hex() == self.id]
        if not own:
            raise Refused("witness", f"{self.name} has not cosigned its checkpoint")
        for one in own:
            seconds = int.from_bytes(one[:8], "big")
            if len(one) != 72 or not self.signed(one[8:], f"cosignature/v1\ntime {seconds}\n{text}\n".encode()):
                raise Refused("witness", f"{self.name} cosigned another checkpoint, or another key did")
        return max(int.from_bytes(one[:8], "big") for one in own)

    def opened(self, note):
        text, blank, lines = note.rpartition("\n\n")
        text += "\n"
        own = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines() if line.startswith(f"— {self.name} ")]
        own = [signature[4:] for signature in own if signature[:4].hex() == self.id]
        if not blank or not own or not all(self.signed(signature, text.encode()) for signature in own):
            return None
        origin, size, root = text.split("\n")[:3]
        return (int(size), base64.b64decode(root)) if origin == self.name else None


class Archive:
    def __init__(self, directory):
        self.directory = directory

    def read(self, key):
        path = os.path.join(self.directory, *key.split("/"))
        if ".." in key.split("/") or not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def entries(self, size):
        """All entries of the log, from their bundles; each has its hash in a tile."""
        entries = []
        for tile in range((size + 255) // 256):
            width = min(256, size - tile * 256)
            parts = re.findall("...", str(tile).zfill((len(str(tile)) + 2) // 3 * 3))
            name = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
            end = f"{name}.p/{width}" if width < 256 else name
            bundle, hashes = (
                self.read(f"tlog/tile/{level}/{end}") or self.read(f"tlog/tile/{level}/{name}") or b""
                for level in ("entries", "0")
            )
            at = 0
            for _ in range(width):
                length = int.from_bytes(bundle[at : at + 2], "big")
                if at + 2 + length > len(bundle):
                    raise Refused("log", f"the bundle of entries {end} is missing or cut")
                entries.append(bundle[at + 2 : at + 2 + length])
                at += 2 + length
            if b"".join(sha256(b"\x00", entry) for entry in entries[tile * 256 :]) != hashes[: width * 32]:
                raise Refused("log", f"entries differ from their hashes in tile {end}")
        return entries


def of_range(leaf, p):
    return (leaf["kind"], leaf["venue"]) == (p["kind"], p["venue"]) and any(
        s["symbol"] == p["symbol"] and int(s["firstTime"]) < int(p["to"]) and int(s["lastTime"]) >= int(p["from"])
        for s in leaf["symbols"]
    )


def current(entries, p):
    """Indexes of the entries that count: the last ones of each object, if they are of the range."""
    objects = {}
    for index, leaf in entries:
        if leaf["kind"] != p["kind"]:
            continue
        known = objects.get(leaf["object"]["key"], [])
        continued = all(
            one["object"]["sha256"] == leaf["object"]["sha256"] and one["part"][0] < leaf["part"][0] for _, one in known
        )
        objects[leaf["object"]["key"]] = (known if continued else []) + [(index, leaf)]
    return sorted(index for some in objects.values() for index, leaf in some if of_range(leaf, p))


def decimal_text(value):
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def ranges_of(ids):
    """Ranges of consecutive ids."""
    ranges = []
    for one in sorted(set(ids)):
        if ranges and ranges[-1][1] == one - 1:
            ranges[-1][1] = one
        else:
            ranges.append([one, one])
    return ranges


def sums_of(rows):
    """Exact volume and price · volume by the shortest decimals, and the number of rows with too many digits."""
    volume, notional, inexact = Decimal(0), Decimal(0), 0
    for row in rows:
        values = [Decimal(repr(row["price"])), Decimal(repr(row["volume"]))]
        if all(one == 0 or (one.normalize(EXACT).as_tuple().exponent >= -20 and abs(one) < 10**36) for one in values):
            volume = EXACT.add(volume, values[1])
            notional = EXACT.add(notional, EXACT.multiply(*values))
        else:
            inexact += 1
    return volume, notional, inexact


def symbol_rows(path, p):
    """The rows of a symbol in a Parquet file, times in ns."""
    time = TIME.get(p["kind"], "received_at")
    names = ["price", "volume", "trade_id", "id_run"] if p["kind"] == "trades" else []
    there = parquet.read_schema(path).names
    table = parquet.read_table(
        path,
        columns=[time] + [name for name in names if name in there],
        filters=(compute.field("venue") == p["venue"]) & (compute.field("symbol") == p["symbol"]),
    )
    times = table[time].cast(pyarrow.timestamp("ns", "UTC")).cast(pyarrow.int64()).to_pylist()
    columns = {name: table[name].to_pylist() if name in there else [0] * len(times) for name in names}
    return [dict(time=at, **{name: columns[name][row] for name in names}) for row, at in enumerate(times)]


def summary(rows, leaf, p):
    """What an entry states about a symbol, computed from its rows."""
    symbols = []
    for run in sorted({row.get("id_run", 0) for row in rows}):
        some = [row for row in rows if row.get("id_run", 0) == run]
        times = [row["time"] for row in some]
        symbol = dict(symbol=p["symbol"], rows=len(some), firstTime=str(min(times)), lastTime=str(max(times)))
        if p["kind"] == "trades":
            ids = [row["trade_id"] for row in some]
            dense, ordered = leaf["idKind"] in DENSE, leaf["idKind"] not in ("none", "opaque")
            held = ranges_of(ids)
            missing = [[str(a[1] + 1), str(b[0] - 1)] for a, b in zip(held, held[1:])]
            volume, notional, inexact = sums_of(some)
            symbol["trades"] = dict(
                run=run,
                firstId=str(min(ids)) if ordered else None,
                lastId=str(max(ids)) if ordered else None,
                ids=len(set(ids)) if dense else None,
                missing=missing[:50] if dense else None,
                moreMissing=max(0, len(missing) - 50) if dense else 0,
                volume=decimal_text(volume),
                notional=decimal_text(notional),
                inexact=inexact,
            )
        symbols.append(symbol)
    return symbols


def claims_of(rows, dense, p):
    """What the rows of all objects show about the range."""
    inside = [row for row in rows if int(p["from"]) <= row["time"] < int(p["to"])]
    if not inside:
        return None
    runs = []
    for run in sorted({row.get("id_run", 0) for row in inside}) if dense else []:
        ids = [row["trade_id"] for row in inside if row["id_run"] == run]
        first, last = min(ids), max(ids)
        held = ranges_of(row["trade_id"] for row in rows if row["id_run"] == run and first <= row["trade_id"] <= last)
        missing = [[str(a[1] + 1), str(b[0] - 1)] for a, b in zip(held, held[1:])]
        count = sum(b - a + 1 for a, b in held)
        runs.append(
            dict(run=run, firstId=str(first), lastId=str(last), ids=str(count))
            | dict(missing=missing[:1000], moreMissing=max(0, len(missing) - 1000))
        )
    volume, notional, inexact = sums_of(inside) if p["kind"] == "trades" else (Decimal(0), Decimal(0), 0)
    complete = all(not run["missing"] for run in runs)
    return dict(
        condition="unprovable" if not dense else "proved" if complete else "degraded",
        rows=len(inside),
        firstTime=str(min(row["time"] for row in inside)),
        lastTime=str(max(row["time"] for row in inside)),
        volume=decimal_text(volume),
        notional=decimal_text(notional),
        inexact=inexact,
        runs=runs,
    )


def verify(certificate, directory, key_text, witnesses=()):
    """Returns the predicate, and when each witness cosigned; raises Refused."""
    key, archive = Key(key_text), Archive(directory)
    try:
        envelope = json.loads(certificate)
        payload = base64.b64decode(envelope["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"]) for one in envelope["signatures"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("format", error) from error
    message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    if envelope.get("payloadType") != PAYLOAD_TYPE or not any(key.signed(one, message) for one in signatures):
        raise Refused("signature", f"it is not signed by {key.name}")
    statement = json.loads(payload)
    p = statement["predicate"]
    if statement["predicateType"] != "urn:tickhouse:certificate:1":
        raise Refused("format", "not a certificate of this version")
    checkpoint = key.checkpoint(p["checkpoint"])
    if checkpoint is None:
        raise Refused("checkpoint", f"its checkpoint is not signed by {key.name}")
    size, root = checkpoint
    cosigned = {witness: Key(witness, 4).cosigned(p["checkpoint"]) for witness in witnesses}
    for one in p["entries"]:
        proof = [base64.b64decode(part) for part in one["proof"]]
        leaf_hash = sha256(b"\x00", one["entry"].encode())
        if not one["index"] < size or included_root(one["index"], size, leaf_hash, proof) != root:
            raise Refused("inclusion", f"entry {one['index']} is not in its checkpoint")
    leaves = [json.loads(one["entry"]) for one in p["entries"]]
    # The log of the archive continues the certificate's, and has the same entries.
    own = key.checkpoint((archive.read("tlog/checkpoint") or b"").decode(errors="replace"))
    if own is None:
        raise Refused("log", f"the checkpoint of the archive is missing or not signed by {key.name}")
    if own[0] < size:
        raise Refused("rolled_back", f"the log has {own[0]} entries, the certificate's had {size}")
    entries = archive.entries(own[0])
    hashes = [sha256(b"\x00", entry) for entry in entries]
    if tree_root(hashes) != own[1]:
        raise Refused("log", "its entries do not have the root of its checkpoint")
    if tree_root(hashes[:size]) != root:
        raise Refused("forked", f"its first {size} entries are not those of the certificate")
    parsed = [(index, json.loads(entry)) for index, entry in enumerate(entries)]
    indexes, there = [one["index"] for one in p["entries"]], current(parsed[:size], p)
    if not set(indexes) <= set(there):
        raise Refused("claims", "it has entries that do not count for this symbol and range")
    if indexes != there:
        raise Refused("omitted", f"entries {there} belong to the range")
    objects = {leaf["object"]["key"]: leaf["object"]["sha256"] for leaf in leaves}
    if statement["subject"] != [dict(digest=dict(sha256=digest), name=name) for name, digest in objects.items()]:
        raise Refused("claims", "its subjects are not the objects of its entries")
    if any((leaf["archive"], leaf["log"]) != (p["archive"], p["log"]) for leaf in leaves):
        raise Refused("claims", "its entries are of another archive or log")
    for index, leaf in parsed[size:]:
        if objects.get(leaf["object"]["key"], leaf["object"]["sha256"]) != leaf["object"]["sha256"]:
            raise Refused("superseded", f"{leaf['object']['key']} was archived again since: entry {index}")
    rows = []
    for leaf in leaves:
        name = leaf["object"]["key"]
        content = archive.read(name)
        if content is None or hashlib.sha256(content).hexdigest() != leaf["object"]["sha256"]:
            raise Refused("object", f"{name} is missing, or its SHA-256 is not that of its entry")
        some = symbol_rows(os.path.join(directory, name), p)
        if summary(some, leaf, p) != [one for one in leaf["symbols"] if one["symbol"] == p["symbol"]]:
            raise Refused("rows", f"{name} has other rows of {p['symbol']} than its entry")
        rows += some
    claims = claims_of(rows, bool(leaves) and all(leaf["idKind"] in DENSE for leaf in leaves), p)
    if claims != p["claims"]:
        raise Refused("claims", f"the rows show {json.dumps(claims)}")
    sums = f"The sums of {claims['inexact']} rows with more than 20 decimals: they are not in volume and notional."
    if p["notProved"] != [NOT_PROVED[claims["condition"]]] + ([sums] if claims["inexact"] else []) + ALWAYS:
        raise Refused("claims", "it does not list all that is not proved")
    return p, cosigned


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("certificate")
    parser.add_argument("archive", help="a directory")
    parser.add_argument("--key", required=True, help="public key of the archive")
    parser.add_argument("--witness", action="append", default=[], help="public key of a witness that must have cosigned")
    given = parser.parse_args()
    try:
        with open(given.certificate, encoding="utf-8") as file:
            found, cosigned = verify(file.read(), given.archive, given.key, given.witness)
        print(f"ACCEPTED {found['claims']['condition']}: {json.dumps(found['claims'])}")
        for witness, seconds in cosigned.items():
            print(f"Cosigned by {witness.split('+')[0]} at {datetime.fromtimestamp(seconds, timezone.utc).isoformat()}")
        print("Not proved:", *found["notProved"], sep="\n- ")
    except Refused as refused:
        print(f"REFUSED {refused}")
        sys.exit(1)
    except (OSError, ValueError) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        sys.exit(2)
