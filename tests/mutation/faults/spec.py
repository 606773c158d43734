"""Faults in `spec`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("pictures of any proportion have channels first", "min(second, third) >= _PICTURE and second <= 2 * third <= 4 * second", "min(second, third) >= _PICTURE"),
    Planted("a deep square map is channels first", "odd = third % 2 == 1 and third >= 5 and first % 16 == 0", "odd = third % 2 == 1 and third >= 5"),
    Planted("a batch of one is not seen", 'if first == 1 else ""\n\n\ndef volume', 'if False else ""\n\n\ndef volume'),
    Planted("one point is a grey picture", "len(extents) == 2 and 1 < extents[0] == extents[1]", "len(extents) == 2 and extents[0] == extents[1]"),
    Planted("a signal of few channels has them first", "second >= _SIGNAL * first", "second >= first"),
    Planted("the last rule of doubt answers", 'return next(filter(None, (rule(numbers) for rule in RULES)), "")', 'return next(filter(None, (rule(numbers) for rule in RULES[::-1])), "")'),
    Planted("an expression of the longest length is too long", 'if len(text) > MAX_LENGTH:\n            raise ExpressionError(f"an expression of more than {MAX_LENGTH} characters")', 'if len(text) >= MAX_LENGTH:\n            raise ExpressionError(f"an expression of more than {MAX_LENGTH} characters")'),
    Planted("a number is evaluated as an expression", "if isinstance(parsed, int):\n        return parsed", "if False:\n        return parsed"),
    Planted("a minus is no sign", 'self.accept("-")', "False"),
    Planted("a directory is read", 'if os.path.isdir(path):\n        raise refuse("E002", f"\'{name}\' is a directory", Origin.of_file(name), "name a file in it")', 'if False:\n        raise refuse("E002", f"\'{name}\' is a directory", Origin.of_file(name), "name a file in it")'),
    Planted("a key's path begins with a dot", 'if path and path[-1] != " " else', "if True else"),
    Planted("a block may have any name", "elif not NAME.fullmatch(name):", "elif False:"),
    Planted("every field is required", '"required" if field.default is REQUIRED else written(field.default)', '"required" if True else written(field.default)'),
    Planted("a block's default may not be empty", '[_VALUE, {"type": "null"}]', "[_VALUE]"),
    Planted("a range from 0 goes below it", "values[0] >= 0", "values[0] >= 1"),
    Planted("a statement with a wrong field is sound", "parts.sound = False", "pass"),
    Planted("every group is named by its key", 'kind == "group" and "name" not in value.items', 'kind == "group"'),
    Planted("a wrong tree is taken", "self.complain(code, message, at, hint)", "pass"),
    Planted("an empty word is a name", 'not isinstance(tree, Scalar) or not tree.text:\n            self.complain("E110", f"a name is a word', 'not isinstance(tree, Scalar):\n            self.complain("E110", f"a name is a word'),
    Planted("an empty file is a spec", 'self.stop("E006", "the file holds no spec: it is empty", None, hint)', "pass"),
    Planted("a YAML mistake is told without its line", "if place is not None:\n        seen = _by_its_line(text, source.line(place[0]), place)\n        if seen is not None:\n            return seen", "if False:\n        seen = _by_its_line(text, source.line(place[0]), place)\n        if seen is not None:\n            return seen"),
    Planted("a short line is too long a key", "text.startswith(_NO_COLON) and len(line) - place[1] > LONGEST_KEY", "text.startswith(_NO_COLON)"),
    Planted("what stands beside belongs to any layer", "all(key in known for key in tree.items if key != word)", "True"),
    Planted("an advice goes before a block", "advice and (did_you_mean(word.lower(), self.blocks) or advice)", "advice"),
    Planted("a quotient is cut to a whole number", '"/": lambda a, b: a / b,', '"/": lambda a, b: a // b,'),
]  # fmt: skip
