"""Words of other tools and papers for what the language calls otherwise: for suggestions only."""

from __future__ import annotations

#: A word of another tool, in lower case without separators -> the words that may be meant.
FOREIGN: dict[str, tuple[str, ...]] = {
    "activation": ("relu",),
    "averagepool": ("avgpool",),
    "averagepooling": ("avgpool",),
    "averagepooling2d": ("avgpool",),
    "avgpool2d": ("avgpool",),
    "batchnorm2d": ("batchnorm",),
    "batchnormalization": ("batchnorm",),
    "bn": ("batchnorm",),
    "channels": ("filters",),
    "concatenate": ("concat",),
    "conv1d": ("conv",),
    "conv2d": ("conv",),
    "conv2dtranspose": ("transposed",),
    "conv3d": ("conv",),
    "convolution": ("conv",),
    "convtranspose2d": ("transposed",),
    "deconv": ("transposed",),
    "deconvolution": ("transposed",),
    "depthmultiplier": ("multiplier",),
    "depthwiseconv2d": ("depthwise",),
    "dilationrate": ("dilation",),
    "fullyconnected": ("dense",),
    "gap": ("global_avgpool",),
    "globalaveragepooling": ("global_avgpool",),
    "globalaveragepooling2d": ("global_avgpool",),
    "globalmaxpooling2d": ("global_maxpool",),
    "interpolate": ("upsample",),
    "kernelsize": ("kernel",),
    "localresponsenorm": ("lrn",),
    "maxpool2d": ("maxpool",),
    "maxpooling": ("maxpool",),
    "maxpooling2d": ("maxpool",),
    "mul": ("multiply",),
    "negativeslope": ("slope",),
    "neurons": ("units",),
    "numfilters": ("filters",),
    "numgroups": ("groups",),
    "outchannels": ("filters",),
    "outfeatures": ("units",),
    "outputdim": ("units",),
    "p": ("rate",),
    "padding": ("pad",),
    "poolsize": ("kernel",),
    "residual": ("add",),
    "scalefactor": ("factor",),
    "separableconv2d": ("separable",),
    "size": ("kernel", "units"),
    "sum": ("add",),
    "swish": ("silu",),
    "upsampling": ("upsample",),
    "upsampling2d": ("upsample",),
    "usebias": ("bias",),
    "zeropadding2d": ("pad",),
}


def meant_by(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that a word of another tool stands for, or nothing.

    >>> meant_by("kernel_size", ("kernel", "stride")), meant_by("UpSampling2D", ("upsample",))
    ('kernel', 'upsample')
    """
    plain = word.lower().replace("_", "").replace("-", "")
    return next((each for each in FOREIGN.get(plain, ()) if each in known), "")
