"""Writes what the browser package computes with: ONNX graphs, integers, a tokenizer, a manifest.

python scripts/export_web.py FOLDER [--model carrier-small] [--codec small-multirate] [--text FILE]

Needs the packages onnx and onnxscript. Each graph is one gzipped file; its name does
not say so, since some servers and browsers would unpack it on the way. Weights are stored in
float16 where that loses nothing, and become float32 when a session is made; the text encoder's
matrices are stored in 8 bits with a scale per row, which moves pixels by at most one level.
`manifest.json` names every file with its sizes and its SHA-256; nothing else knows them.

Axes: h and w picture height and width, n tokens, t text width.
"""

import argparse
import gzip
import hashlib
import json
import math
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save
from torch import Tensor, nn

from sidelight.bitstream.quality import NUM_QUALITY_STEPS, step_to_quality
from sidelight.codec.card import find_model
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.codec.stored import Checkpoint
from sidelight.entropy.arrays import fingerprint
from sidelight.entropy.latents import MEAN_BITS
from sidelight.errors import CheckpointError
from sidelight.files import write_atomically
from sidelight.models.base import HyperpriorCodec
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.exported import ExportedCodec
from sidelight.models.exported_carrier import ExportedCarrier, carrier_halo
from sidelight.runtime.noise import standardised
from sidelight.runtime.weight_file import WeightFile
from sidelight.text.bundled import WEIGHTS, BundledEncoder, read_tokenizer, text_network
from sidelight.text.network import SentenceNetwork

FORMAT = "sidelight-web-1"
_OPSET = 18
_LARGEST_CODE = 127


class DrawnPicture(nn.Module):
    """The generator from 8-bit RGBA to 8-bit RGBA, as ``ExportedCarrier.improve`` computes it.

    Beside the picture it gives its masks, coarse to fine: what nobody asks for costs nothing.
    """

    def __init__(self, generator: CarrierGenerator) -> None:
        super().__init__()
        self.generator = generator.eval()

    def forward(
        self,
        picture: Tensor,
        text: Tensor,
        realism: Tensor,
        share: Tensor,
        noise: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Returns (1, h, w, 4), alpha as it was, and masks (1, 1, h/s, w/s) of strides s.

        ``noise`` is uint8 (1, 1, h, w), for generators that add grain.
        """
        x = picture[..., :3].permute(0, 3, 1, 2).float() / 255
        white = None if noise is None else standardised(noise.float())
        drawn, masks, _ = self.generator.with_masks(x, text, realism, white)
        x_hat = torch.lerp(x, drawn, share)
        levels = (x_hat * 255).round().clamp(0, 255).to(torch.uint8)
        return torch.cat([levels.permute(0, 2, 3, 1), picture[..., 3:]], dim=3), *masks


class ShownPicture(nn.Module):
    """The generator of .slt files from integer latents to opaque 8-bit RGBA."""

    def __init__(self, codec: HyperpriorCodec) -> None:
        super().__init__()
        self.codec = codec.eval()

    def forward(self, latents: Tensor, gain: Tensor, text: Tensor) -> Tensor:
        """Returns (1, h, w, 4) for latents (1, c, h/16, w/16) in units of 2^-6."""
        y_hat = latents.float() * 2.0**-MEAN_BITS * gain
        levels = (self.codec.synthesise(y_hat, text) * 255).round().clamp(0, 255).to(torch.uint8)
        picture = levels.permute(0, 2, 3, 1)
        return torch.cat([picture, torch.full_like(picture[..., :1], 255)], dim=3)


class CaptionVector(nn.Module):
    """The text encoder from the ids of one caption to a vector of unit RMS."""

    def __init__(self, network: SentenceNetwork) -> None:
        super().__init__()
        self.network = network.eval()

    def forward(self, ids: Tensor) -> Tensor:
        """Returns (1, t)."""
        raw = self.network(ids.long(), torch.ones_like(ids, dtype=torch.bool))
        return raw.shape[1] ** 0.5 * nn.functional.normalize(raw, dim=1)


def export_models(
    folder: Path, model: Path, text: Path = WEIGHTS, codec: Path | None = None
) -> dict[str, Any]:
    """Writes the files of a carrier generator, its text encoder and a codec; gives the manifest.

    Raises:
        CheckpointError: One of the files is broken, or they do not belong together.
    """
    checkpoint: Checkpoint[ExportedCarrier] = load_checkpoint(model)
    if not isinstance(checkpoint.model, ExportedCarrier):
        raise CheckpointError(f"{model} is no carrier generator")
    encoder = BundledEncoder(text)
    if encoder.identity != checkpoint.text_encoder:
        raise CheckpointError(
            f"{model} reads {checkpoint.text_encoder}, {text} is {encoder.identity}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    config = checkpoint.model.config
    network = text_network(WeightFile.read(text))
    height, width = 4 * config.stride, 3 * config.stride
    inputs = {
        "picture": torch.zeros(1, height, width, 4, dtype=torch.uint8),
        "text": torch.zeros(1, config.text_width),
        "realism": torch.zeros(1),
        "share": torch.ones(1),
    }
    dynamic = {"picture": (1, 2)}
    if config.grain:
        inputs["noise"] = torch.zeros(1, 1, height, width, dtype=torch.uint8)
        dynamic["noise"] = (2, 3)
    generator = _graph(
        DrawnPicture(checkpoint.model.generator),
        inputs,
        ["drawn", *(f"mask{k}" for k in range(len(config.widths)))],
        dynamic=dynamic,
    )
    vector = _graph(
        CaptionVector(network),
        {"ids": torch.ones(1, 5, dtype=torch.int32)},
        ["vector"],
        dynamic={"ids": (1,)},
    )
    _store_small(generator, matrices_in_8_bits=False)
    _store_small(vector, matrices_in_8_bits=True)
    manifest = {
        "format": FORMAT,
        "generator": {
            "name": config.name,
            "fingerprint": checkpoint.model.fingerprint().hex(),
            "terms": checkpoint.provenance.get("terms"),
            "stride": config.stride,
            "halo": carrier_halo(config),
            "default_realism": config.default_realism,
            "masks": len(config.widths),
            "grain": config.grain,
            "file": _write(folder, "generator.onnx", generator.SerializeToString(), planes=2),
        },
        "text": {
            "name": encoder.identity.name,
            "fingerprint": encoder.identity.fingerprint,
            "width": encoder.width,
            "max_tokens": network.config.max_tokens,
            "file": _write(folder, "text.onnx", vector.SerializeToString()),
            "tokenizer": _write(folder, "tokenizer.json", _compact(read_tokenizer(text))),
        },
    }
    if codec is not None:
        loaded: Checkpoint[ExportedCodec] = load_checkpoint(codec)
        if loaded.text_encoder != encoder.identity:
            raise CheckpointError(f"{codec} reads {loaded.text_encoder}, {text} is another")
        manifest["codec"] = export_codec(folder, loaded)
    write_atomically(folder / "manifest.json", json.dumps(manifest, indent=1).encode() + b"\n")
    return manifest


def export_codec(folder: Path, checkpoint: Checkpoint[ExportedCodec]) -> dict[str, Any]:
    """Writes the integers and the generator of a codec of .slt files; returns its entry.

    Raises:
        CheckpointError: It has no gain vectors, as the codecs of one rate.
    """
    model = checkpoint.model
    gain = model.model.latent_gain
    if not isinstance(model, ExportedCodec) or gain is None:
        raise CheckpointError(
            "only codecs of several rates by gain vectors are read in the browser"
        )
    channels = model.config.latent_channels
    integers = {name: torch.from_numpy(a).contiguous() for name, a in model.integers().items()}
    steps = [step_to_quality(step) for step in range(NUM_QUALITY_STEPS)]
    positions = torch.tensor([model.config.level_position(quality) for quality in steps])
    with torch.inference_mode():
        gains = gain.inverse(positions.float())[:, :, 0, 0].contiguous()
    graph = _graph(
        ShownPicture(model.model),
        {
            "latents": torch.zeros(1, channels, 4, 6, dtype=torch.int32),
            "gain": torch.ones(1, channels, 1, 1),
            "text": torch.zeros(1, model.config.text_width),
        },
        ["shown"],
        dynamic={"latents": (2, 3)},
    )
    _store_small(graph, matrices_in_8_bits=False)
    return {
        "name": model.config.name,
        "fingerprint": fingerprint(model.frozen).hex(),
        "terms": checkpoint.provenance.get("terms"),
        "tile": model.tiles.g_s.side,
        "halo": model.tiles.g_s.halo,
        "integers": _write(folder, "integers.safetensors", save(integers)),
        "gains": _write(folder, "gains.safetensors", save({"inverse_gains": gains})),
        "file": _write(folder, "codec.onnx", graph.SerializeToString(), planes=2),
    }


def _graph(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    dynamic: dict[str, tuple[int, ...]],
) -> onnx.ModelProto:
    """Returns an ONNX graph with nothing folded: folded weights would not fit float16."""
    free = torch.export.Dim.DYNAMIC
    shapes = [dict.fromkeys(dynamic[name], free) if name in dynamic else None for name in inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own exporter warns of its own parts
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=tuple(shapes),
            dynamo=True,
            opset_version=_OPSET,
            optimize=False,
            verbose=False,
        )
    graph = program.model_proto
    del graph.metadata_props[:]
    for part in (graph.graph, *graph.graph.node, *graph.graph.value_info, *graph.graph.input):
        del part.metadata_props[:]  # paths and line numbers of this machine
    del graph.graph.value_info[:]
    for node in graph.graph.node:
        node.doc_string = ""
    return graph


def _store_small(model: onnx.ModelProto, *, matrices_in_8_bits: bool) -> None:
    """Replaces float32 weights by smaller ones that the first nodes bring back."""
    graph = model.graph
    stored: list[TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size == 1:
            stored.append(weight)
        elif matrices_in_8_bits and values.ndim > 1:
            codes, scales = _rows_in_8_bits(values)
            name, whole = weight.name, f"{weight.name}.whole"
            stored += [
                numpy_helper.from_array(codes, f"{name}.codes"),
                numpy_helper.from_array(scales, f"{name}.scales"),
            ]
            nodes += [
                helper.make_node("Cast", [f"{name}.codes"], [whole], to=TensorProto.FLOAT),
                helper.make_node("Mul", [whole, f"{name}.scales"], [name]),
            ]
        elif np.array_equal(values.astype(np.float16).astype(np.float32), values):
            half = f"{weight.name}.half"
            stored.append(numpy_helper.from_array(values.astype(np.float16), half))
            nodes.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
        else:
            stored.append(weight)
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(stored)
    graph.node.extend(nodes)


def _rows_in_8_bits(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns int8 codes and the float32 scale of each row."""
    axes = tuple(range(1, values.ndim))
    largest = np.abs(values).max(axis=axes, keepdims=True)
    scales = np.where(largest > 0, largest / _LARGEST_CODE, 1).astype(np.float32)
    return np.round(values / scales).astype(np.int8), scales


def _compact(serialised: str) -> bytes:
    return json.dumps(json.loads(serialised), ensure_ascii=False, separators=(",", ":")).encode()


def _write(folder: Path, name: str, content: bytes, *, planes: int = 1) -> dict[str, Any]:
    """Writes one gzipped file; returns its entry in the manifest.

    With 2 ``planes`` every second byte comes first and the others behind: the upper halves of
    float16 weights, all alike, then lie side by side and take less.
    """
    packed = gzip.compress(b"".join(content[k::planes] for k in range(planes)), mtime=0)
    write_atomically(folder / f"{name}.packed", packed)
    return {
        "path": f"{name}.packed",
        "packed_bytes": len(packed),
        "bytes": len(content),
        "planes": planes,
        "sha256": hashlib.sha256(packed).hexdigest(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="carrier-small", help="a name or a checkpoint")
    parser.add_argument("--codec", help="for .slt files, such as small-multirate")
    parser.add_argument("--text", type=Path, default=WEIGHTS, help="its text encoder")
    given = parser.parse_args(arguments)
    codec = find_model(given.codec) if given.codec else None
    manifest = export_models(given.folder, find_model(given.model), given.text, codec)
    parts = (
        value for part in manifest.values() if isinstance(part, dict) for value in part.values()
    )
    files = [entry for entry in parts if isinstance(entry, dict)]
    for entry in files:
        sys.stdout.write(f"{entry['path']}: {entry['packed_bytes']} bytes\n")
    total = sum(math.ceil(entry["packed_bytes"] / 1000) for entry in files)
    sys.stdout.write(f"together {total} kB\n")


if __name__ == "__main__":
    main()
