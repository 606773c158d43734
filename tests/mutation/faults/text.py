"""Faults in `text`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("a line after the last is read", "number < len(lines)", "number <= len(lines)"),
    Planted("an empty text is nothing", "tree.text or not tree.plain", "False"),
    Planted("the collector stays off", "if was_enabled:\n                gc.enable()", "if was_enabled:\n                pass"),
    Planted("a page's name is taken by none", "while fold(free) in taken", "while False"),
    Planted("a file is written and not put in its place", "written.replace(target)", "pass"),
    Planted("@ begins no formula", '*"=+-@\\t\\r"', '*"=+-\\t\\r"'),
    Planted("a tab begins no formula", '@\\t\\r"', '@\\r"'),
    Planted("a small @ begins no formula", '*"＝＋－＠﹢﹣﹦﹫"', '*"＝＋－＠﹢﹣﹦"'),
    Planted("a blank hides a formula", "or text.lstrip().startswith(FORMULA)", ""),
    Planted("a repr shows its shapes alone", 'name != "shapes"', 'name == "shapes"'),
    Planted("two words are listed as one", "len(words) < 2", "len(words) <= 2"),
    Planted("nothing near is near", 'if not near:\n        return ""', 'if False:\n        return ""'),
]  # fmt: skip
