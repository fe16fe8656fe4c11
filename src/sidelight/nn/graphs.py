"""Networks as ONNX graphs, for onnxruntime; written here with torch and the extra ``export``.

A graph's weights are not inside: it names the tensors of the model's own file, so that nothing is
stored twice. Axes: b batch, h and w picture height and width, t text.
"""

import contextlib
import copy
import importlib.util
import io
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from sidelight.errors import ConfigError

_PACKAGES = ("onnx", "onnxscript")
_OPSET = 18
Axes = dict[int, Any]
"""Which axes of an input may have any length, and what multiples they are."""


class Input(NamedTuple):
    """What a graph is given: an example, and the axes that are not always as long as there."""

    example: Tensor
    axes: Axes


class WrittenGraph(NamedTuple):
    """A serialised graph without weights, and the names of the weights that it needs."""

    graph: bytes
    weights: tuple[str, ...]

    def tensor(self) -> np.ndarray:
        """Returns the graph as a model's file keeps it."""
        return np.frombuffer(self.graph, np.uint8)


def need_export_extra() -> None:
    """Checks that graphs can be written.

    Raises:
        ConfigError: The extra ``export`` is not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in _PACKAGES):
        raise ConfigError(
            f"writing graphs needs {' and '.join(_PACKAGES)}: pip install 'sidelight[export]', or "
            "give --no-graphs, for a model that runs with torch only"
        )


def write_graph(
    network: nn.Module,
    inputs: Mapping[str, Input],
    outputs: Iterable[str],
    *,
    inside: str,
    called: Mapping[str, str] | None = None,
) -> WrittenGraph:
    """Returns a network as a graph.

    Args:
        network: Its ``forward`` takes ``inputs`` in this order.
        inputs: By the names that the graph gives them.
        outputs: Names of what ``forward`` returns.
        inside: The attribute of ``network`` that holds the model: weights are named as in there.
        called: What the model's file calls the weights that it knows by other names.

    Raises:
        ConfigError: The extra ``export`` is not installed.
    """
    need_export_extra()
    # the layout of a weight in memory is not the graph's business
    network = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with _quiet():
        program = torch.onnx.export(
            network,
            tuple(given.example for given in inputs.values()),
            dynamo=True,
            verbose=False,
            optimize=False,  # it would fold weights into others, which are in no file
            opset_version=_OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple(given.axes for given in inputs.values()),
        )
    assert program is not None
    return _without_weights(program.model_proto, f"{inside}.", called or {})


def _without_weights(model: Any, prefix: str, called: Mapping[str, str]) -> WrittenGraph:
    names = {}
    for weight in model.graph.initializer:
        own = weight.name.removeprefix(prefix)
        names[weight.name] = weight.name = called.get(own, own)
        weight.ClearField("raw_data")
        weight.data_location = weight.EXTERNAL
        weight.external_data.add(key="location", value="the model's file")
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    for part in (model, model.graph, *model.graph.initializer, *model.graph.input):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    model.graph.ClearField("value_info")
    return WrittenGraph(model.SerializeToString(deterministic=True), tuple(sorted(names.values())))


def side(name: str, multiple: int) -> Any:
    """Returns an axis whose length is any multiple of this."""
    return multiple * Dim(name, min=1) if multiple > 1 else Dim(name, min=1)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the exporter from printing its progress, and what it misses of packages."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
