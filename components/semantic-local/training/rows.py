"""Rows of data: templates filled in for training, hand-written rows for everything else."""

import re
from pathlib import Path

from judge import DANGEROUS

DATA = Path(__file__).parent / "data"
TYPES = {
    "-": "", "j": "application/json", "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=x", "text": "text/plain", "csv": "text/csv",
    "xml": "application/xml", "sql": "application/sql", "graphql": "application/graphql",
    "binary": "application/octet-stream",
}
# Templates with these paths say what they mean in their text alone.
TOLD_BY_TEXT = ["{rpc}", "{sql}", "{shell}", "{gql}"]


class Random:
    """A small generator of our own: the same numbers under every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return (self.state >> 33) % bound

    def choice(self, items):
        return items[self.below(len(items))]

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


def lines(path):
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip() and not line.startswith("# "):
            yield line


def slots():
    found = {}
    for line in lines(DATA / "slots.txt"):
        name, _, values = line.partition(":")
        found[name] = [value.strip() for value in values.split("~")]
    return found


def split(line):
    """`METHOD | path | type | text`; `\\n` in the text is a new line."""
    method, path, kind, text = (line + " ").split(" | ", 3)
    return method.strip(), path.strip(), TYPES[kind.strip()], text.strip().replace("\\n", "\n")


def fill(text, found, random):
    while "[[" in text:
        start = text.rindex("[[")
        end = text.index("]]", start)
        text = text[:start] + random.choice(text[start + 2:end].split("~")) + text[end + 2:]
    pattern = re.compile(r"\{(" + "|".join(found) + r")\}")
    for _ in range(4):
        text = pattern.sub(lambda match: random.choice(found[match.group(1)]), text)
    return text


def as_json(text):
    """The same lines as a client might write them, for bodies that are not declared as JSON."""
    pairs = []
    for line in text.split("\n"):
        key, _, value = line.partition(" ")
        pairs.append('"%s": "%s"' % (key, value.replace('"', '\\"')))
    return "{" + ", ".join(pairs) + "}"


def elsewhere(path, found, random):
    """What is dangerous, now and then at a place that looks harmless."""
    return fill("{api}/{things}", found, random) if random.below(5) == 0 else path


def padded(text, found, random):
    """Among words that mean nothing, now and then, so that these speak for no label."""
    if random.below(4):
        return text
    pads = [fill("note {prose}. {prose}. {prose}.", found, random) for _ in range(2)]
    place = random.below(3)
    return "\n".join(pads[:1] * (place != 1) + [text] + pads[1:] * (place != 0))


def training(labels, seed, copies):
    """Rows (label, method, path, content type, text), the same ones for the same seed."""
    random = Random(seed)
    found = slots()
    rows = []
    for label in labels:
        seen = set()
        templates = list(lines(DATA / "templates" / (label + ".txt")))
        for template in templates:
            # Every label gets about as many rows, however many templates it has.
            for _ in range(copies * 50 // len(templates)):
                method, path, kind, text = split(template)
                method = random.choice(method.split(","))
                template_path = path
                path, text = fill(path, found, random), fill(text, found, random)
                if text and template_path in TOLD_BY_TEXT and label in (*DANGEROUS, "write"):
                    text = padded(text, found, random)
                    if label in DANGEROUS:
                        path = elsewhere(path, found, random)
                if not path.startswith("/"):
                    path = "/" + path
                if text and kind == TYPES["j"] and random.below(8) == 0:
                    kind, text = random.choice(["text/plain", kind]), as_json(text)
                row = (label, method, path, kind, text)
                if row not in seen:
                    seen.add(row)
                    rows.append(row)
    random.shuffle(rows)
    return rows


def written(name):
    """Rows of a hand-written file: `label | METHOD | path | type | text`."""
    rows = []
    for line in lines(DATA / (name + ".txt")):
        label, rest = line.split(" | ", 1)
        rows.append((label.strip(), *split(rest)))
    return rows
