"""The decision component alone in Python: `python3 decide.py DECISION.wasm < INPUTS.json`
evaluates a list of inputs and prints the list of the answers."""

import json
import sys

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, Variant
from wasmtime.component import _types as types

ENGINE = "vectra:decision/engine@0.1.0"


class Decider:
    def __init__(self, file):
        self.engine = Engine(Config())
        self.component = Component.from_file(self.engine, file)
        reaches = [name for name in self.component.type.imports(self.engine) if not is_harmless(name)]
        if reaches:
            raise SystemExit(f"it wants more than it should: {', '.join(reaches)}")
        # All of WASI is offered and nothing behind it; what is taken of it was seen above.
        self.linker = Linker(self.engine)
        self.linker.add_wasip2()

    def evaluate(self, value):
        """Evaluates one `vectra:decision/types.input`. An instance for each keeps nothing."""
        store = Store(self.engine)
        store.set_wasi(WasiConfig())
        instance = self.linker.instantiate(store, self.component)
        interface = instance.get_export_index(store, ENGINE)
        evaluate = instance.get_func(store, instance.get_export_index(store, "evaluate", interface))
        kind = evaluate.type(store)
        [(_, taken)] = kind.params
        answer = evaluate(store, read(value, taken))
        evaluate.post_return(store)
        return written(answer, kind.result)


def is_harmless(name):
    return name.startswith(("wasi:cli/", "wasi:io/")) or name == "vectra:decision/types@0.1.0"


def is_tagged(kind):
    """Whether Python's types alone do not tell the cases of a variant apart."""
    return kind._tagged()


def read(value, kind):
    """JSON as the binding wants a value of this type."""
    match kind:
        case types.RecordType():
            record = Record()
            for name, inner in kind.fields:
                setattr(record, name, read(value[name], inner))
            return record
        case types.VariantType():
            inner = dict(kind.cases)[value["tag"]]
            payload = None if inner is None else read(value["val"], inner)
            return Variant(value["tag"], payload) if is_tagged(kind) else payload
        case types.OptionType():
            return None if value is None else read(value, kind.payload)
        case types.ListType():
            return [read(item, kind.element) for item in value]
        case types.F64():
            return float(value)
    return value


def written(value, kind):
    """A value of this type as JSON."""
    match kind:
        case types.RecordType():
            return {name: written(getattr(value, name), inner) for name, inner in kind.fields}
        case types.VariantType():
            inner = dict(kind.cases)[value.tag]
            return {"tag": value.tag} | ({} if inner is None else {"val": written(value.payload, inner)})
        case types.OptionType():
            return None if value is None else written(value, kind.payload)
        case types.ListType():
            return [written(item, kind.element) for item in value]
    return value


if __name__ == "__main__":
    decider = Decider(sys.argv[1])
    json.dump([decider.evaluate(value) for value in json.load(sys.stdin)], sys.stdout)
