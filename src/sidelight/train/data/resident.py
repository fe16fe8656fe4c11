"""Crops that a GPU cuts itself from pictures in its own memory.

Drawn by other processes, crops come at a fraction of the rate at which a small model takes them.
Axes: b batch, s the side of a crop.
"""

from collections.abc import Sequence

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
        versions = range(pairs.num_versions if pairs is not None else 0)
        views: list[np.ndarray] = []
        self._first_view = []
        for k, picture in enumerate(pictures):
            self._first_view.append(len(views))
            views.append(picture.image)
            views += [pairs.version(k, v) for v in versions if pairs is not None]
        ends = np.cumsum([view.size for view in views])
        self._pixels = torch.empty(int(ends[-1]), dtype=torch.uint8, device=device)
        for view, end in zip(views, ends, strict=True):
            flat = torch.from_numpy(np.array(view).reshape(-1))
            self._pixels[end - view.size : end] = flat.to(device)
        starts = [end - view.size for view, end in zip(views, ends, strict=True)]
        self._views = torch.tensor(
            [(start, *view.shape[:2]) for start, view in zip(starts, views, strict=True)],
            device=device,
        )

    def cut(self, cuts: Sequence[Cut], size: int) -> CropBatch:
        """Returns the crops, as ``CropSampler.draw`` does for pictures that are not scaled.

        Gray levels may differ by one where two lie equally near.
        """
        device = self._pixels.device
        of_pictures = [self._first_view[cut.picture] for cut in cuts]
        shown = [of_pictures]
        if self._paired:
            shown.append([k + 1 + cut.version for k, cut in zip(of_pictures, cuts, strict=True)])
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
        return torch.where(gray[:, None, None, None] > 0, _gray(luma), crops)


def _gray(luma: Tensor) -> Tensor:
    return luma.round().to(torch.uint8)[:, None].expand(-1, 3, -1, -1)


def fit_on(
    device: torch.device, pictures: Sequence[CaptionedImage | CaptionedFile], pairs: Pairs | None
) -> bool:
    """Returns whether a device is a GPU with room for all pictures."""
    if device.type != "cuda":
        return False
    views = 1 + (pairs.num_versions if pairs is not None else 0)
    needed = 3 * views * sum(height * width for height, width in (p.size for p in pictures))
    return needed < _LARGEST_SHARE * torch.cuda.mem_get_info(device)[0]
