"""What a detector still finds in decoded pictures: multi-label average precision on COCO's classes.

The paper's classifier is DSDL (Zhou et al. 2021), whose weights are not to be had; YOLOX-nano
(Ge et al. 2021) takes its place, and its findings in the originals are the labels (choice C23f).

Axes: h and w picture height and width, n pictures.
"""

import importlib.util
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch.nn import functional as F

from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics.protocol import FeatureExtractor, SetValue
from sidelight.nn.published import PublishedFile

NUM_CLASSES = 80
_FILE = PublishedFile(
    "yolox_nano.onnx",
    "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
)
_SIDE_PX = 416
_GREY = 114.0
_OUTPUT_SHAPE = [1, 3549, 5 + NUM_CLASSES]


class ObjectScores:
    """How sure YOLOX-nano is of each of COCO's 80 classes, in the order of YOLOX's list."""

    name = "yolox_nano"

    def __init__(self, path: Path | None = None) -> None:
        """Reads the network.

        Args:
            path: The ONNX file of YOLOX's release 0.1.1rc0; None for ``weights/yolox_nano.onnx``
                below the folder that SIDELIGHT_ASSETS names.

        Raises:
            CheckpointError: There is no such file, or it holds another network.
            ConfigError: onnxruntime is missing.
        """
        if importlib.util.find_spec("onnxruntime") is None:
            raise ConfigError("mAP needs onnxruntime: pip install 'sidelight[evaluate]'")
        import onnxruntime

        path = path or _FILE.locate()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()  # it would take every core
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no other base
            raise CheckpointError(f"{path} is no readable ONNX file: {error}") from None
        found = [list(output.shape) for output in self._session.get_outputs()]
        if found != [_OUTPUT_SHAPE]:
            raise CheckpointError(
                f"{path} gives outputs of shape {found}, expected one of {_OUTPUT_SHAPE}, "
                f"as the file from {_FILE.url}"
            )
        self._input = self._session.get_inputs()[0].name

    def __call__(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "1 80"]:
        """Returns scores in [0, 1]: the highest of objectness times class over all boxes."""
        (output,) = self._session.run(None, {self._input: _letterboxed(image)})
        # columns 0 to 3 are boxes, relative to a grid that the file leaves out; nobody reads them
        objectness, classes = output[0, :, 4:5], output[0, :, 5:]
        return (objectness * classes).max(0, keepdims=True)


class MultiLabelAP:
    """Mean over classes of the average precision with which decoded pictures show objects.

    A class is present where the original scores at least ``THRESHOLD``. For each class that is
    present anywhere, all decoded pictures are ranked by score; its average precision is the sum
    over the ranking of precision times gain in recall. Pictures of equal score enter the ranking
    together. A class that no original has counts for nothing. Originals as their own decoded
    pictures have 1.
    """

    name = "map"
    label = "mAP relative to originals (YOLOX-nano)"
    higher_is_better = True
    source = "Zhou et al. 2021 (DSDL) for the measure, Ge et al. 2021 (YOLOX) for the classifier"
    THRESHOLD = 0.3
    """From which score an object counts as found: the default of YOLOX's own ONNX example."""

    def __init__(self, features: FeatureExtractor | None = None) -> None:
        """Takes what gives each picture one row of class scores; None reads YOLOX-nano.

        Raises:
            CheckpointError: YOLOX-nano's file is missing or holds another network.
            ConfigError: onnxruntime or torchmetrics is missing.
        """
        if importlib.util.find_spec("torchmetrics") is None:
            raise ConfigError("mAP needs torchmetrics: pip install 'sidelight[evaluate]'")
        self._features = features or ObjectScores()

    @property
    def features(self) -> FeatureExtractor:
        """Class scores in [0, 1], one row per picture."""
        return self._features

    def __call__(
        self, originals: Float32[np.ndarray, "n 80"], decoded: Float32[np.ndarray, "n 80"]
    ) -> SetValue:
        """Returns the mean in [0, 1], and the number of pictures.

        Raises:
            ConfigError: No original shows an object.
        """
        from torchmetrics.functional.classification import binary_average_precision

        scores, present = torch.from_numpy(decoded), torch.from_numpy(originals >= self.THRESHOLD)
        classes = present.any(0).nonzero()[:, 0]
        if len(classes) == 0:
            raise ConfigError(
                f"none of {len(originals)} originals shows an object with a score of at least "
                f"{self.THRESHOLD}: mAP needs pictures with objects of COCO's classes"
            )
        precisions = [binary_average_precision(scores[:, k], present[:, k].long()) for k in classes]
        return SetValue(float(torch.stack(precisions).mean()), len(originals))


def _letterboxed(image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "1 3 416 416"]:
    """Returns BGR in 0 to 255, scaled into the upper left corner of a grey square.

    As YOLOX's examples do: bilinear without smoothing, sides and values cut to integers.
    """
    height, width = image.shape[:2]
    scale = min(_SIDE_PX / height, _SIDE_PX / width)
    size = (max(1, int(height * scale)), max(1, int(width * scale)))
    x = torch.from_numpy(np.array(image, order="C")).permute(2, 0, 1)[None].float()
    small = F.interpolate(x, size, mode="bilinear", align_corners=False).round()
    padded = torch.full((1, 3, _SIDE_PX, _SIDE_PX), _GREY)
    padded[:, :, : size[0], : size[1]] = small.flip(1)
    return padded.numpy()
