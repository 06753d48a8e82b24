"""From scores to an answer: the twin of `components/lib/classifier/src/judge.rs`."""

import math
from dataclasses import dataclass

import features as f

BELIEVED = 0.5
SURE = 0.9
FEW_WORDS = 6
DANGEROUS = ["bulk_export", "admin_action", "destructive_delete", "harmful"]


@dataclass
class Verdict:
    label: str
    confidence: float
    shares: list

    def rank(self):
        """How much a verdict weighs against that of another."""
        if self.label == "unknown" or self.confidence < BELIEVED:
            return 2
        return {"read": 0, "write": 1}.get(self.label) if self.label not in DANGEROUS else (
            3 + DANGEROUS.index(self.label)
        )


def chosen(verdicts):
    """The most dangerous that is believed; of two alike the surer if it is dangerous, else
    the less sure."""
    best = verdicts[0]
    for verdict in verdicts[1:]:
        rank, other = verdict.rank(), best.rank()
        surer = verdict.confidence > best.confidence if rank > 2 else verdict.confidence < best.confidence
        if rank > other or (rank == other and surer):
            best = verdict
    return best


class Model:
    def __init__(self, weights, bias, unit, bits):
        self.weights, self.bias, self.unit, self.bits = weights, bias, unit, bits
        self.scale = unit / 4096
        self.mask = (1 << f.BUCKETS_LOG2) - 1

    def sums(self, features):
        count = len(f.LABELS)
        total = [0] * count
        for feature in features:
            start = (feature & self.mask) * count
            for label in range(count):
                weight = self.weights[start + label]
                total[label] += weight - 256 if weight > 127 else weight
        return total

    def add(self, blocks):
        """What some blocks add up to: scores, features, words, known words."""
        features = [feature for block in blocks for feature in block[0]]
        words = [word for block in blocks for word in block[1]]
        return self.sums(features), len(features), len(words), sum(map(self.known, words))

    def parts(self, head, body):
        """A verdict for every part of a text, with method and path."""
        first = (self.sums(head), len(head))
        starts = [0, *range(f.STEP, len(body) - f.STEP, f.STEP)]
        return [self.verdict(first, self.add(body[start:start + f.PART])) for start in starts]

    def phrases(self, body):
        """A verdict for every phrase, by itself: what is dangerous in itself and surely so."""
        if len(body) <= f.PHRASE:
            return []
        nothing = ([0] * len(f.LABELS), 0)
        found = [
            self.verdict(nothing, self.add(body[start:start + f.PHRASE]))
            for start in range(len(body) - 1)
        ]
        return [one for one in found if one.label in DANGEROUS and one.confidence >= SURE]

    def known(self, word):
        return self.bits[word >> 19] >> (word >> 16 & 7) & 1

    def verdict(self, head, text):
        scores, features, words, known = text
        head_share, share = f.share(head[1]), f.share(features)
        logits = [
            (self.bias[label] * 4096 + head[0][label] * head_share + scores[label] * share) * self.scale
            for label in range(len(f.LABELS))
        ]
        shares = f.softmax(logits)
        place = max(range(len(shares)), key=lambda label: shares[label])
        label, confidence = f.LABELS[place], math.floor(shares[place] * 10000 + 0.5) / 10000
        if label not in DANGEROUS and words >= FEW_WORDS and known * 4 < words:
            label = "unknown"
        if label == "unknown":
            confidence = min(confidence, 0.5)
        return Verdict(label, confidence, shares)

    def classify(self, method, path, content_type, text):
        head, body = f.look(method, path, content_type, text)
        return chosen(self.parts(head, body) + self.phrases(body))
