"""Parameters that a method of the WebSocket API takes, made from the table itself."""

from fastbinance._protocol.method import Kind, Method, Needs, OneOf, Parameter

__all__ = ["enough", "sample"]

SAMPLES: dict[Kind, object] = {
    Kind.TEXT: "text",
    Kind.SYMBOL: "BTCUSDT",
    Kind.SYMBOLS: ["BTCUSDT"],
    Kind.TEXTS: ["SPOT"],
    Kind.DECIMAL: "1.5",
    Kind.INTEGER: 1,
    Kind.MILLISECONDS: 5000,
    Kind.BOOLEAN: True,
    Kind.FLAG: "true",
}


def sample(parameter: Parameter) -> object:
    return parameter.values[0] if parameter.values else SAMPLES[parameter.kind]


def enough(method: Method) -> dict[str, object]:
    """Return parameters that a method takes: what is required, and of each rule the first way to keep it."""
    by_name = {each.name: each for each in method.parameters}
    params = {each.name: sample(each) for each in method.parameters if each.required}
    for rule in method.rules:
        if isinstance(rule, OneOf):
            names = list(rule.names[:1])
        elif isinstance(rule, Needs) and rule.name in params:
            names = [group[0] for group in rule.by_value.get(str(params[rule.name]), ())]
        else:
            names = []
        params |= {name: sample(by_name[name]) for name in names}
    return params
