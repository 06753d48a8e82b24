"""What a model is worth on rows with known labels."""

import features as f

START, END = "<!-- report: written by training/train.py -->", "<!-- end of report -->"


def report(model, data):
    """Confusion, precision and recall, and confidence against accuracy."""
    table = {truth: {label: 0 for label in f.LABELS} for truth in f.LABELS}
    bins = [[0, 0, 0.0] for _ in range(5)]
    wrong = []
    for truth, *question in data:
        answer = model.classify(*question)
        table[truth][answer.label] += 1
        # The confidence of `unknown` is capped and says nothing.
        if answer.label != "unknown":
            place = bins[min(4, max(0, int((answer.confidence - 0.5) * 10)))]
            place[0] += 1
            place[1] += answer.label == truth
            place[2] += answer.confidence
        if answer.label != truth:
            wrong.append((truth, answer.label, round(answer.confidence, 2), question))
    right = sum(table[label][label] for label in f.LABELS)
    per_label = {}
    for label in f.LABELS:
        named = sum(table[truth][label] for truth in f.LABELS)
        there = sum(table[label].values())
        per_label[label] = {
            "rows": there,
            "precision": round(table[label][label] / named, 3) if named else 0.0,
            "recall": round(table[label][label] / there, 3) if there else 0.0,
        }
    names = ["below 0.6", "0.6 to 0.7", "0.7 to 0.8", "0.8 to 0.9", "0.9 to 1.0"]
    calibration = [
        {
            "confidence": name,
            "rows": count,
            "mean_confidence": round(total / count, 3) if count else None,
            "accuracy": round(good / count, 3) if count else None,
        }
        for name, (count, good, total) in zip(names, bins)
    ]
    whole = {
        "rows": len(data),
        "accuracy": round(right / len(data), 3),
        "labels": per_label,
        "confusion": table,
        "calibration": calibration,
    }
    return whole, wrong


def show(name, whole, wrong):
    print(f"\n{name}: {whole['rows']} rows, accuracy {whole['accuracy']}")
    for truth in f.LABELS:
        counts = " ".join(f"{whole['confusion'][truth][label]:5d}" for label in f.LABELS)
        print(f"{truth:20s} {counts}  {whole['labels'][truth]}")
    for place in whole["calibration"]:
        print("   ", place)
    for row in wrong:
        print("  wrong:", *row)


def markdown(whole, readme):
    """The README with its tables made anew."""
    names = [f"`{label}`" for label in f.LABELS]
    lines = [
        f"{whole['rows']} held-out rows, accuracy **{whole['accuracy'] * 100:.1f} %**, trained on "
        f"{whole['training_rows']} rows. Rows are the truth, columns the answer:",
        "",
        "| | " + " | ".join(names) + " |",
        "|---|" + "---:|" * len(names),
    ]
    for truth in f.LABELS:
        cells = [str(whole["confusion"][truth][label]) for label in f.LABELS]
        lines.append(f"| `{truth}` | " + " | ".join(cells) + " |")
    lines += ["", "| Label | Precision | Recall |", "|---|---:|---:|"]
    for label, worth in whole["labels"].items():
        lines.append(f"| `{label}` | {worth['precision']:.3f} | {worth['recall']:.3f} |")
    lines += [
        "",
        "How often it is right when it says how sure it is (`unknown` apart, whose confidence is",
        "at most 0.5 by rule):",
        "",
        "| Confidence | Rows | Accuracy |",
        "|---|---:|---:|",
    ]
    for place in whole["calibration"]:
        lines.append(f"| {place['confidence']} | {place['rows']} | {place['accuracy'] or 0.0:.3f} |")
    before, rest = readme.split(START)
    after = rest.split(END)[1]
    return before + START + "\n" + "\n".join(lines) + "\n" + END + after
