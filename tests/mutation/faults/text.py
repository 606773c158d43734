"""Faults in `text`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("an empty text is nothing", "tree.text or not tree.plain", "False"),
    Planted("a file is written and not put in its place", "written.replace(target)", "pass"),
    Planted("@ begins no formula", '*"=+-@\\t\\r"', '*"=+-\\t\\r"'),
    Planted("a tab begins no formula", '@\\t\\r"', '@\\r"'),
    Planted("a small @ begins no formula", '*"＝＋－＠﹢﹣﹦﹫"', '*"＝＋－＠﹢﹣﹦"'),
    Planted("a blank hides a formula", "or text.lstrip().startswith(FORMULA)", ""),
    Planted("a repr shows its shapes alone", 'name != "shapes"', 'name == "shapes"'),
    Planted("nothing near is near", 'if not near:\n        return ""', 'if False:\n        return ""'),
]  # fmt: skip
