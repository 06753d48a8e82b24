"""Trains the classifier of `components/lib/classifier` and writes what it is worth.

    python3 components/semantic-local/training/train.py [--check]

Standard library only; the same files byte for byte on every run. Writes the model, the golden
files that hold the Rust twin to this one, and `report.json`; `--check` compares instead.
"""

import hashlib
import json
import math
import struct
import sys
from collections import Counter
from pathlib import Path

import features as f
import judge
import rows
from report import markdown, report, show

SEED = 20240607
COPIES = 34
EPOCHS = 6
RATE = 0.6
DECAY = 2e-6
VOCABULARY = 512
LIBRARY = Path(__file__).parents[2] / "lib" / "classifier"


def vectors(data):
    """Per row its label and (bucket, value) pairs, as the first part sees them."""
    mask = (1 << f.BUCKETS_LOG2) - 1
    out = []
    for label, *question in data:
        head, body = f.look(*question)
        values = {}
        part = [feature for block in body[:f.PART] for feature in block[0]]
        for features in (head, part):
            value = f.share(len(features)) / 4096
            for feature in features:
                bucket = feature & mask
                values[bucket] = values.get(bucket, 0.0) + value
        out.append((f.LABELS.index(label), list(values.items())))
    return out


def train(data):
    """Multinomial logistic regression by AdaGrad."""
    count = len(f.LABELS)
    weights = [[0.0] * count for _ in range(1 << f.BUCKETS_LOG2)]
    squares = [[1e-2] * count for _ in range(1 << f.BUCKETS_LOG2)]
    bias = [0.0] * count
    random = rows.Random(SEED)
    order = vectors(data)
    labels = range(count)
    for epoch in range(EPOCHS):
        random.shuffle(order)
        loss = 0.0
        for truth, values in order:
            logits = bias[:]
            for bucket, value in values:
                row = weights[bucket]
                for label in labels:
                    logits[label] += row[label] * value
            shares = f.softmax(logits)
            loss -= math.log(max(shares[truth], 1e-9))
            # Labels that are right by a wide margin teach nothing.
            errors = [
                (label, shares[label] - (label == truth))
                for label in labels
                if abs(shares[label] - (label == truth)) > 0.01
            ]
            for label, error in errors:
                bias[label] -= 0.02 * error
            for bucket, value in values:
                row, square = weights[bucket], squares[bucket]
                for label, error in errors:
                    step = error * value
                    square[label] += step * step
                    row[label] -= RATE * 0.1 * step / math.sqrt(square[label]) + DECAY * row[label]
        print(f"epoch {epoch + 1}: loss {loss / len(order):.4f}", flush=True)
    return weights, bias


def quantised(weights, bias):
    """Whole numbers of -127 to 127; the rarest, largest weights are cut."""
    sizes = sorted(abs(weight) for row in weights for weight in row if weight)
    unit = sizes[int(len(sizes) * 0.9995)] / 127
    whole = bytearray()
    for row in weights:
        for weight in row:
            whole += struct.pack("b", max(-127, min(127, round(weight / unit))))
    return bytes(whole), [round(value / unit) for value in bias], unit


def known_words(data):
    """One bit per hash of a word that more than one row has."""
    counts = Counter()
    for _, *question in data:
        head, body = f.look(*question)
        counts.update({word for block in body for word in block[1]})
    bits = bytearray(1 << 13)
    for word, count in counts.items():
        if count > 1:
            bits[word >> 19] |= 1 << (word >> 16 & 7)
    return bytes(bits)


def vocabulary(data, weights):
    """Words that may be named in an explanation: they speak for a label, in many rows."""
    private = set()
    found = rows.slots()
    for name in ("first", "last", "city", "email", "host", "word", "junk", "color"):
        for value in found[name]:
            private.update(value.lower().replace("@", " ").replace(".", " ").split())
    counts = Counter()
    for _, method, path, _, text in data:
        parts = f.target(path.encode())[0] + list(f.tokens(f.unescape(text.encode())))
        counts.update({token for kind, token in parts if kind == "w"})
    mask = (1 << f.BUCKETS_LOG2) - 1
    ranked = []
    for word, count in counts.items():
        text = word.decode("utf-8", "replace")
        if count >= 8 and 3 <= len(text) <= 16 and text.isascii() and text.isalpha() and text not in private:
            row = weights[f.fnv(b"w", word) & mask]
            ranked.append((-(max(row) - sum(row) / len(row)), text))
    return sorted(word for _, word in sorted(ranked)[:VOCABULARY])


def write_model(scale, bias, bits, words, whole):
    """The file that `components/lib/classifier/src/model.rs` reads."""
    listed = "\n".join(words).encode()
    rest = struct.pack("<d", scale) + b"".join(struct.pack("<i", value) for value in bias)
    rest += struct.pack("<H", len(listed)) + listed + bits + whole
    version = hashlib.sha256(rest).hexdigest()[:16]
    return b"VCLS\x01" + struct.pack("<BB", len(f.LABELS), f.BUCKETS_LOG2) + version.encode() + rest


def calibrated(model, data):
    """The temperature that makes confidence mean what it says, by the validation rows."""
    looked = [(label, f.look(*question)) for label, *question in data]
    best = None
    for tenths in range(4, 41):
        model.scale = model.unit / 4096 / (tenths / 10)
        loss = 0.0
        for label, (head, body) in looked:
            first = model.parts(head, body)[0]
            loss -= math.log(max(first.shares[f.LABELS.index(label)], 1e-6))
        best = min(best or (loss, tenths), (loss, tenths))
    model.scale = model.unit / 4096 / (best[1] / 10)
    print(f"temperature {best[1] / 10}, validation loss {best[0] / len(looked):.4f}")


def json_lines(data):
    return "".join(json.dumps(row) + "\n" for row in data)


def golden(model, data):
    """What the Rust twin must come to: features of every row folded into a number, and the answer."""
    lines = []
    for question in data:
        head, body = f.look(*question)
        folded = 0
        for feature in head + [feature for block in body for feature in block[0] + [len(block[1])]]:
            folded = (folded * 31 + feature) & 0xFFFFFFFF
        answer = model.classify(*question)
        lines.append([*question, folded, answer.label, answer.confidence])
    return json_lines(lines)


def hostile():
    """Questions that no client asks, for the twins to agree on."""
    odd = "".join(chr(code) for code in range(1, 256))
    return [
        ("GET", "", "", ""),
        ("", "?", "", ""),
        ("get", "//..//%2e%2E/%zz/%4", ";;;", "%"),
        ("POST", "/a?" + "&".join(f"k{n}=v{n} drop" for n in range(40)), "text/plain", "x"),
        ("POST", "/" + "/".join(f"s{n}" for n in range(40)), "", odd),
        ("POST", "/" + "delete/" * 400 + "?x=1", "Application/JSON; x", "d e l e t e a l l"),
        ("POST", "/x", "application/vnd.a+json", "a" * 100 + " \\x64\\u0072op table " + "Z9" * 30),
        ("PUT", "/x?d=2024-01-02T00:00:00Z&e=*&f=ord_12345&g=&h", "a/b+xml", "camelCaseÄÖÜ 12 1234 123456789 1234567890"),
        ("POST", "/notes", "text/plain", "the plan for the next week is here\n" * 40 + "drop table users"),
        ("POST", "/notes", "text/plain", odd * 9),
    ]


def main():
    data = rows.training(f.LABELS, SEED, COPIES)
    print(Counter(row[0] for row in data), len(data))
    weights, bias = train(data)
    whole, bias, unit = quantised(weights, bias)
    bits = known_words(data)
    model = judge.Model(whole, bias, unit, bits)
    validation, heldout = rows.written("validation"), rows.written("heldout")
    calibrated(model, validation)
    file = write_model(model.scale, bias, bits, vocabulary(data, weights), whole)
    show("training", report(model, data[::7])[0], [])
    show("validation", *report(model, validation))
    final, wrong = report(model, heldout)
    show("heldout", final, wrong if "--wrong" in sys.argv else [])
    final["model"] = file[7:23].decode()
    final["training_rows"] = len(data)
    readme = Path(__file__).parents[1] / "README.md"
    outputs = {
        readme: markdown(final, readme.read_text(encoding="utf-8")).encode(),
        LIBRARY / "model" / "intent.model": file,
        LIBRARY / "tests" / "heldout.jsonl": json_lines(heldout).encode(),
        LIBRARY / "tests" / "golden.jsonl": golden(
            model, hostile() + [row[1:] for row in validation + heldout]
        ).encode(),
        Path(__file__).parent / "report.json": (json.dumps(final, indent=1) + "\n").encode(),
    }
    for path, content in outputs.items():
        if "--check" in sys.argv:
            assert path.read_bytes() == content, f"{path.name} is not what training gives"
        else:
            path.write_bytes(content)
    print(f"model {final['model']}, {len(file)} bytes")


if __name__ == "__main__":
    main()
