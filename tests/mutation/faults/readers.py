"""Faults in `readers`, but for those of one program's files alone."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("Caffe's pools round down", '**({"rounding": "ceil_caffe"} if rounding == "CEIL" else {})', "**{}"),
    Planted("Caffe's network for training is read", 'if layer.in_phase("TEST")]', 'if layer.in_phase("TRAIN")]'),
    Planted("what a phase excludes is in it", "return not any(_holds(rule, phase) for rule in exclude)", "return True"),
    Planted("Caffe's windows are as high as they are wide", '[self.whole(f"{short}_h", default), self.whole(f"{short}_w", default)]', '[self.whole(f"{short}_w", default), self.whole(f"{short}_h", default)]'),
    Planted("Caffe's groups are ignored", 'groups = parameters.whole("group", 1)', "groups = 1"),
    Planted("Caffe's convolutions have a bias if it is asked for", 'if not parameters.truth("bias_term", default=True):\n        fields', 'if not parameters.truth("bias_term", default=False):\n        fields'),
    Planted("Caffe's scale is never a part of a normalisation", "if norm is not None and write.completes:", "if False:"),
    Planted("Caffe's scale completes a normalisation that others read", "if norm is not None and write.completes:", "if norm is not None:"),
    Planted("Caffe's scale shifts unless it is asked to", 'if not bias:\n            norm["shift"]', 'if bias:\n            norm["shift"]'),
    Planted("parameters of one name in Caffe are counted twice", "if owner is not None:\n            return self.add(kind, **fields, share=owner)", "if False:\n            return self.add(kind, **fields, share=owner)"),
    Planted("Caffe's pools are means by default", 'mean = means != "MAX"', 'mean = means == "MAX"'),
    Planted("Caffe's sum is a product by default", '"PROD", "SUM", "MAX", default=1', '"PROD", "SUM", "MAX"'),
    Planted("every part of a Caffe slice is the first", 'f"{at + 1} of {tops}"', 'f"1 of {tops}"'),
    Planted("Darknet's `pad` is a number of pixels", 'return size // 2 if section.whole("pad", 0)', 'return 1 if section.whole("pad", 0)'),
    Planted("a wide window of Darknet is padded like a narrow one", "pad = dilation * (size // 2)", "pad = size // 2"),
    Planted("Darknet's normalised convolution has a bias", 'if section.whole("batch_normalize", 0):\n        fields["bias"] = False', 'if False:\n        fields["bias"] = False'),
    Planted("Darknet's layers are counted back from the one before", "place = self.number + index if index < 0 else index", "place = self.number - 1 + index if index < 0 else index"),
    Planted("Darknet's maxima are not padded", 'padding = section.whole("padding", size - 1)', 'padding = section.whole("padding", 0)'),
    Planted("every group of a route is the first", 'channels=f"{group + 1} of {groups}"', 'channels=f"1 of {groups}"'),
    Planted("the last of several options of Darknet counts", "section.options.setdefault(key, (value, begin))", "section.options[key] = (value, begin)"),
    Planted("a shortcut's smaller operand is not filled up", "elif other.channels < own.channels:", "elif False:"),
    Planted("negative numbers side by side are large", "numbers.append(value - _RANGE if value >= _SIGN else value)", "numbers.append(value)"),
    Planted("a layer elsewhere is named as if it were here", 'return f"/{path}"', "return name"),
    Planted("a model's outputs are forgotten", "if ends and ends != list(self._layers)[-1:]", "if False"),
]  # fmt: skip
