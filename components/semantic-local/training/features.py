"""What the classifier looks at: the twin of `components/lib/classifier/src/{target,token,features}.rs`.

Everything is done on the bytes of UTF-8 with ASCII rules alone, so that both sides see the
same on every platform. `golden.jsonl`, written by `train.py`, holds them together.
"""

import math

BUCKETS_LOG2 = 15
LABELS = ["read", "write", "bulk_export", "admin_action", "destructive_delete", "harmful", "unknown"]
METHODS = {b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"}
# Query values that say something by themselves; all others become a class.
KEPT = set(
    b"true false yes no all none any full asc desc active inactive pending approved rejected failed "
    b"completed open closed csv json xml xlsx pdf zip parquet force hard cascade permanent recursive "
    b"admin raw dump export".split()
)
MEDIA = {
    b"application/json": b"json", b"application/x-www-form-urlencoded": b"form",
    b"multipart/form-data": b"multipart", b"application/xml": b"xml", b"text/xml": b"xml",
    b"text/plain": b"text", b"text/csv": b"csv", b"application/sql": b"sql",
    b"application/graphql": b"graphql", b"application/x-ndjson": b"lines",
    b"application/octet-stream": b"binary",
}
MAX_PATH = 2048
MAX_SEGMENTS = 24
MAX_PARAMETERS = 32
MAX_WORD = 24
SPELLED = 4
# Tokens in a block; blocks in a part, which is judged with method and path; blocks from one part
# to the next; blocks in a phrase, which is judged alone.
BLOCK = 6
PART = 8
STEP = 4
PHRASE = 2
# One of these alone between words is no token.
QUIET = set(b"_-.,/:\"={}[]()@&?#+")
HEX = b"0123456789abcdefABCDEF"


def fnv(kind, text):
    value = 0x811C9DC5
    for byte in kind + text:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    value ^= value >> 15
    value = (value * 0x2C1B3C6D) & 0xFFFFFFFF
    return value ^ (value >> 12)


def unescape(text):
    """One level of `%41`, `\\x41` and `\\u0041`."""
    out = bytearray()
    at = 0
    while at < len(text):
        for lead in (b"%", b"\\x", b"\\u00"):
            digits = text[at + len(lead):at + len(lead) + 2]
            if text.startswith(lead, at) and len(digits) == 2 and all(d in HEX for d in digits):
                out.append(int(digits, 16))
                at += len(lead) + 2
                break
        else:
            out.append(text[at])
            at += 1
    return bytes(out)


def is_digit(byte):
    return 48 <= byte <= 57


def is_upper(byte):
    return 65 <= byte <= 90


def is_lower(byte):
    return 97 <= byte <= 122


def is_word(byte):
    return byte >= 0x80 or is_digit(byte) or is_upper(byte) or is_lower(byte)


def tokens(text):
    """Pairs of kind (`w` a plain word, `#` a class of words, `l` a piece of a long word,
    `p` punctuation) and text."""
    spelled = bytearray()
    at = 0
    while at < len(text):
        start = at
        if is_word(text[at]):
            at += 1
            while (
                at < len(text)
                and is_word(text[at])
                and not (is_lower(text[at - 1]) and is_upper(text[at]))
            ):
                at += 1
            word = text[start:at].lower()
            if len(word) == 1 and not is_digit(word[0]):
                spelled += word
            else:
                yield from finish(spelled)
            yield from words(word)
        elif text[at] <= 0x20 or text[at] == 0x7F:
            at += 1
        else:
            while at < len(text) and not is_word(text[at]) and text[at] > 0x20 and text[at] != 0x7F:
                at += 1
            if at - start > 1 or text[start] not in QUIET:
                yield "p", text[start:min(at, start + 3)]
    yield from finish(spelled)


def finish(spelled):
    """The word that was spelled letter by letter."""
    if len(spelled) >= SPELLED:
        yield "w", bytes(spelled[:MAX_WORD])
    spelled.clear()


def words(word):
    digits = sum(map(is_digit, word))
    if len(word) > MAX_WORD:
        for start in range(0, len(word), MAX_WORD):
            yield "l", word[start:start + MAX_WORD]
    elif digits == len(word):
        yield "#", b"#1" if digits <= 2 else b"#2" if digits <= 4 else b"#3" if digits <= 9 else b"#4"
    elif digits >= 2 and len(word) >= 8:
        yield "#", b"#id"
    else:
        yield "w", word


def unigram(kind, word):
    return b"#long" if kind == "l" else word


def grams(kind, word):
    if kind in "wl" and len(word) >= 3:
        framed = b"^" + word + b"$"
        for start in range(len(framed) - 3):
            yield fnv(b"c", framed[start:start + 4])


def is_date(text):
    return len(text) >= 10 and all(
        byte == 45 if at in (4, 7) else is_digit(byte) for at, byte in enumerate(text[:10])
    )


def is_id(text):
    digits = sum(map(is_digit, text))
    if not digits:
        return False
    if digits == len(text):
        return True
    if not all(is_digit(b) or is_upper(b) or is_lower(b) or b in b"-_" for b in text):
        return False
    if len(text) >= 20 or (len(text) >= 16 and all(b in HEX or b == 45 for b in text)):
        return True
    for at, byte in enumerate(text):
        if byte in b"-_":
            rest = text[at + 1:]
            return 2 <= at <= 6 and len(rest) >= 4 and not any(b in b"-_" for b in rest) and any(
                is_digit(b) for b in rest
            )
    return False


def value_class(value):
    low = value.lower()
    if not value:
        return b"empty"
    if all(map(is_digit, value)):
        return b"small" if len(value) <= 3 else b"large"
    if is_date(value):
        return b"date"
    if low in KEPT:
        return low
    if value == b"*":
        return b"star"
    if is_id(value):
        return b"id"
    return b"value"


def media(content_type):
    name = content_type.split(b";")[0].strip().lower()
    if name in MEDIA:
        return MEDIA[name]
    return b"json" if name.endswith(b"+json") else b"xml" if name.endswith(b"+xml") else b"other"


def target(path):
    """Path words, tokens of punctuation, parameters, and what is left for the text."""
    rest = bytearray()
    if len(path) > MAX_PATH:
        rest += path + b"\n"
        path = path[:MAX_PATH]
    path, _, query = path.partition(b"?")
    parts = [segment for segment in path.split(b"/") if segment]
    if len(parts) > MAX_SEGMENTS:
        rest += b"/".join(parts[MAX_SEGMENTS:]) + b"\n"
    found = []
    for segment in parts[:MAX_SEGMENTS]:
        segment = unescape(segment)
        if is_date(segment):
            found.append(("#", b"#date"))
        elif is_id(segment):
            found.append(("#", b"#id"))
        else:
            found.extend(tokens(segment))
    pairs = [pair for pair in query.split(b"&") if pair]
    if len(pairs) > MAX_PARAMETERS:
        rest += b"&".join(pairs[MAX_PARAMETERS:]) + b"\n"
    parameters = []
    for pair in pairs[:MAX_PARAMETERS]:
        key, _, value = pair.partition(b"=")
        key = b" ".join(unigram(*token) for token in tokens(unescape(key)))
        value = unescape(value)
        kind = value_class(value)
        parameters.append((key, kind))
        if kind in (b"value", b"star"):
            rest += value + b"\n"
    return found, parameters, bytes(rest)


def head(method, content_type, found, parameters, has_body):
    method = method.upper()
    method = method if method in METHODS else b"OTHER"
    out = [fnv(b"m", method), fnv(b"m", method + (b"+" if has_body else b"-"))]
    if content_type:
        out.append(fnv(b"t", media(content_type)))
    previous = b""
    last = b""
    for kind, text in found:
        if kind == "p":
            out.append(fnv(b"p", text))
            continue
        word = unigram(kind, text)
        out += [fnv(b"w", word), fnv(b"/", word), *grams(kind, text)]
        if last:
            out.append(fnv(b"q", last + b"/" + word))
        previous, last = last, word
    out += [fnv(b"l", method + b" " + last), fnv(b"l", method + b" " + previous + b"/" + last)]
    for key, kind in parameters:
        out += [fnv(b"k", key), fnv(b"v", key + b"=" + kind)]
    return out


def blocks(text):
    """Features of each block of tokens, with the hashes of its words."""
    out = []
    previous = b""
    for number, (kind, token) in enumerate(tokens(text)):
        if number % BLOCK == 0:
            out.append(([], []))
        features, seen = out[-1]
        if kind == "p":
            features.append(fnv(b"p", token))
            continue
        word = unigram(kind, token)
        features.append(fnv(b"w", word))
        seen.append(features[-1])
        if previous:
            features.append(fnv(b"b", previous + b" " + word))
        features.extend(grams(kind, token))
        previous = word
    return out


def look(method, path, content_type, text):
    """Head features and body blocks of a question."""
    found, parameters, rest = target(path.encode())
    body = unescape(text.encode())
    has_body = any(byte > 0x20 for byte in body)
    first = head(method.encode(), content_type.encode(), found, parameters, has_body)
    return first, blocks(rest + body)


def share(count):
    """`4096 / sqrt(count)`, in whole numbers."""
    return (1 << 20) // math.isqrt(count << 16) if count else 0


def exp(x):
    """e to the x for x <= 0, by basic operations alone."""
    if x < -40.0:
        return 0.0
    halvings = 0
    while x < -0.5:
        x /= 2.0
        halvings += 1
    total = 1.0
    for n in range(12, 0, -1):
        total = 1.0 + total * x / n
    for _ in range(halvings):
        total *= total
    return total


def softmax(logits):
    top = max(logits)
    powers = [exp(logit - top) for logit in logits]
    whole = 0.0
    for power in powers:
        whole += power
    return [power / whole for power in powers]
