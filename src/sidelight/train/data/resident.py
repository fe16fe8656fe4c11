"""Crops that a GPU cuts itself from pictures in its own memory.

Drawn by other processes, crops come at a fraction of the rate at which a small model takes them.
Axes: b batch, s the side of a crop.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from sidelight.train.data.crops import LUMA, CropBatch, Cut, batch_of
from sidelight.train.data.pairs import Pairs
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage

_LARGEST_SHARE = 0.5
"""Of a GPU's free memory, that pictures may take."""


class ResidentPictures:
    """All pictures with their coded versions, one behind the other in a device's memory."""

    def __init__(
        self,
        pictures: Sequence[CaptionedImage | CaptionedFile],
        pairs: Pairs | None,
        device: torch.device | str,
    ) -> None:
        """Copies them there."""
        self._paired = pairs is not None
        self._views_each = _views_each(pairs)
        views: list[np.ndarray] = []
        for k, picture in enumerate(pictures):
            views.append(picture.image)
            if pairs is not None:
                views += [pairs.version(k, version) for version in range(pairs.num_versions)]
        starts = np.cumsum([0, *(view.size for view in views)]).tolist()
        self._pixels = torch.empty(starts[-1], dtype=torch.uint8, device=device)
        for view, (start, end) in zip(views, pairwise(starts), strict=True):
            self._pixels[start:end] = torch.tensor(view).flatten()
        self._views = torch.tensor(
            [(start, *view.shape[:2]) for start, view in zip(starts, views, strict=False)],
            device=device,
        )

    def cut(self, cuts: Sequence[Cut], size: int) -> CropBatch:
        """Returns the crops, as ``CropSampler.draw`` does for pictures that are not scaled.

        Gray levels may differ by one where two lie equally near.
        """
        device = self._pixels.device
        shown = [[self._views_each * cut.picture for cut in cuts]]
        if self._paired:
            shown.append([self._views_each * cut.picture + 1 + cut.version for cut in cuts])
        where = torch.tensor(
            [(cut.top, cut.left, cut.mirrored, cut.gray) for cut in cuts], device=device
        )
        planes = [self._cut(torch.tensor(views, device=device), where, size) for views in shown]
        return batch_of(cuts, torch.cat(planes, 1), paired=self._paired)

    def _cut(self, views: Tensor, where: Tensor, size: int) -> Tensor:
        starts, heights, widths = self._views[views].T
        tops, lefts, mirrored, gray = where.T
        places = torch.arange(size, device=views.device)
        across = torch.where(mirrored[:, None] > 0, places.flip(0), places)
        rows = (tops[:, None] + places).clamp_max(heights[:, None] - 1)
        columns = (lefts[:, None] + across).clamp_max(widths[:, None] - 1)
        pixels = rows[:, :, None] * widths[:, None, None] + columns[:, None, :]
        first = starts[:, None, None] + 3 * pixels
        crops = torch.stack([self._pixels[first + channel] for channel in range(3)], 1)
        luma = torch.einsum("bchw,c->bhw", crops.float(), torch.tensor(LUMA, device=crops.device))
        without_colour = luma.round().to(torch.uint8)[:, None]
        return torch.where(gray[:, None, None, None] > 0, without_colour, crops)


def fit_on(
    device: torch.device, pictures: Sequence[CaptionedImage | CaptionedFile], pairs: Pairs | None
) -> bool:
    """Returns whether a device is a GPU with room for all pictures."""
    if device.type != "cuda":
        return False
    needed = (
        3 * _views_each(pairs) * sum(height * width for height, width in (p.size for p in pictures))
    )
    return needed < _LARGEST_SHARE * torch.cuda.mem_get_info(device)[0]


def _views_each(pairs: Pairs | None) -> int:
    """Returns how many views of each picture there are: its own, then its coded versions."""
    return 1 if pairs is None else 1 + pairs.num_versions
