"""Faults in `readers/keras`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("Keras' pools stride by one", 'stride if "strides" in config else fields["kernel"]', "stride"),
    Planted("Keras' means count the padding", 'if kind == "avgpool" and "pad" in fields:', "if False:"),
    Planted("Keras' layers all have a bias", '{} if call.config.truth("use_bias", default=True) else {"bias": False}', "{}"),
    Planted("a layer of Keras that is called twice is counted twice", 'if owner is not None:\n                fields["share"]', 'if False:\n                fields["share"]'),
    Planted("what is not trained in Keras is trained", 'elif not self.config.truth("trainable", default=True):', "elif False:"),
    Planted("channels that come first are taken for a side", "return [*extents[1:], extents[0]] if self.channels_first else list(extents)", "return list(extents)"),
    Planted("Keras' GRU has one bias", 'biases = 2 if kind == "gru" and config.truth("reset_after", default=True) else 1', "biases = 1"),
    Planted("Keras' GRU has two biases, whatever it resets", 'biases = 2 if kind == "gru" and config.truth("reset_after", default=True) else 1', 'biases = 2 if kind == "gru" else 1'),
    Planted("Keras' groups are ignored", '{"groups": groups} if groups != 1 else {}', "{}"),
    Planted("a scale is missing where a shift is", '({} if scale else {"scale": False})', '({} if shift else {"scale": False})'),
    Planted("the activation within a layer is not read", 'if value in (None, "linear"):', "if True:"),
    Planted("Keras' recurrent layers return every step", '{} if every else {"returns": "last"}', "{}"),
    Planted("Keras' Average is a sum", 'return call.add("divide", [flow], right=len(call.flows))', "return flow"),
    Planted("Keras' LeakyReLU has PyTorch's slope", 'call.config.number("alpha", 0.3)', 'call.config.number("alpha", 0.01)'),
    Planted("a picture is resized to its width by its height", 'size = [call.config.whole("height"), call.config.whole("width")]', 'size = [call.config.whole("width"), call.config.whole("height")]'),
    Planted("Keras' axes are permuted from the batch on", "axis - 1 for axis in call.config.wholes", "axis for axis in call.config.wholes"),
    Planted("a depthwise convolution of Keras has one filter a channel", 'more = {"multiplier": multiplier} if multiplier != 1 else {}', "more = {}"),
    Planted("a dense layer of Keras reads all of a map", 'over = {} if call.flow.rank == 1 else {"over": "channels"}', "over = {}"),
    Planted("Keras' largest value of a ReLU is none", "if most is None:", "if True:"),
    Planted("the second output of a layer is its first", "return (entry[0], numbers[0], numbers[1])", "return (entry[0], numbers[0], 0)"),
    Planted("the second call of a layer is its first", "return (entry[0], numbers[0], numbers[1])", "return (entry[0], 0, numbers[1])"),
]  # fmt: skip
