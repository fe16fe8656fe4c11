"""Symbol tables as they are built at export and kept in a checkpoint.

Axes: s scales, c channels.
"""

import hashlib
import math
from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float64, Int32, UInt8
from torch import Tensor

from sidelight.entropy.tables import SymbolTables, gaussian_tables, trim_tails
from sidelight.errors import CheckpointError
from sidelight.models.prior import MIN_SCALE, FactorizedPrior
from sidelight.nn.exact import FRACTION_BITS

FINGERPRINT_BYTES = 8
_NUM_SCALES, _MAX_SCALE = 64, 128.0
_TABLE_REACH = 512


def scale_tables() -> tuple[Int32[Tensor, " s"], SymbolTables]:
    """Returns 64 tables of Gaussians and the largest scale of each, in units of 2^-12."""
    largest = np.exp(np.linspace(math.log(MIN_SCALE), math.log(_MAX_SCALE), _NUM_SCALES))
    # a bin's table is built for its geometric middle; the first holds the smallest scale only
    typical = np.append(largest[:1], np.sqrt(largest[:-1] * largest[1:]))
    thresholds = torch.from_numpy(np.floor(largest * 2**FRACTION_BITS).astype(np.int32))
    return thresholds, gaussian_tables(typical.tolist())


def check_thresholds(thresholds: Int32[Tensor, " s"], tables: SymbolTables) -> None:
    """Refuses thresholds that do not belong to the tables.

    Raises:
        CheckpointError: They are not one per table, or do not ascend.
    """
    if len(thresholds) != len(tables):
        raise CheckpointError("one scale threshold is needed for each latent table")
    if (thresholds.diff() <= 0).any():
        raise CheckpointError("scale thresholds must ascend")


def table_index(
    scales: Float64[Tensor, "b c *front"], thresholds: Int32[Tensor, " s"]
) -> UInt8[Tensor, "b c *front"]:
    """Returns the table of each scale, which is in units of 2^-12; beyond the last, the last."""
    index = torch.bucketize(scales.contiguous(), thresholds.double())
    return index.clamp_max_(len(thresholds) - 1).to(torch.uint8)


@torch.no_grad()
def hyper_tables(prior: FactorizedPrior) -> SymbolTables:
    """Returns a table for each channel of the hyper-latent."""
    values = torch.arange(-_TABLE_REACH, _TABLE_REACH + 1, dtype=torch.float64)
    channels = len(prior.matrices[0])
    grid = values.expand(channels, -1)[None, :, None, :]
    masses = prior.double()(grid)[0, :, 0].numpy()
    prior.float()
    trimmed = [trim_tails(mass, -_TABLE_REACH) for mass in masses]
    return SymbolTables.from_masses([mass for mass, _ in trimmed], [first for _, first in trimmed])


def tables_to_tensors(name: str, tables: SymbolTables) -> dict[str, Tensor]:
    """Returns the tables as tensors whose names begin with ``name``."""
    return {
        # torch has few operations on uint32; the frequencies fit in int32
        f"{name}_tables.frequencies": torch.from_numpy(tables.frequencies.astype(np.int32)),
        f"{name}_tables.lengths": torch.from_numpy(tables.lengths),
        f"{name}_tables.first": torch.from_numpy(tables.first),
    }


def tables_from_tensors(name: str, tensors: Mapping[str, Tensor]) -> SymbolTables:
    """Rebuilds what ``tables_to_tensors`` gave.

    Raises:
        KeyError: A tensor is missing.
        CheckpointError: A table does not hold.
    """
    return SymbolTables(
        frequencies=tensors[f"{name}_tables.frequencies"].numpy().astype(np.uint32),
        lengths=tensors[f"{name}_tables.lengths"].numpy(),
        first=tensors[f"{name}_tables.first"].numpy(),
    )


def fingerprint(tensors: Mapping[str, Tensor]) -> bytes:
    """Returns the first 8 bytes of a SHA-256 over integer tensors and their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        values = tensor.to(torch.int64).numpy().astype("<i8")
        digest.update(f"{name} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.digest()[:FINGERPRINT_BYTES]
