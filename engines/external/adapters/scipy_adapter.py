"""SciPy's ndimage, and NumPy where that has the operation."""
import numpy as np
import scipy
from scipy import ndimage

from voxelmark_adapter import Engine

engine = Engine("scipy", scipy.__version__)


@engine.operation("GaussianBlur2D", "GaussianBlur3D")
def gaussian_blur(image, sigma):
    return ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4)


engine.serve()
