"""``sidelight text``: the text vectors that training reads."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from sidelight.cli.options import ForceOption
from sidelight.cli.streams import say
from sidelight.errors import ConfigError


def embed(
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", help="Tar shard, folder of shards, or JSON listing of captions."
        ),
    ],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A .safetensors file.")],
    *,
    encoder: Annotated[str, typer.Option(help="Name of the text encoder.")] = "sidelight-text",
    force: ForceOption = False,
) -> None:
    """Compute the text vectors of DATASET once; after an interruption it goes on where it was."""
    if target.exists() and not force:
        raise ConfigError(f"{target} exists; give --force to replace it")
    import torch

    from sidelight.text.dataset import DatasetEmbedder, as_kept, captions_of, save_vectors
    from sidelight.text.registry import load_text_encoder

    captions = captions_of(dataset)
    texts = [text for listed in captions.values() for text in listed]
    network = load_text_encoder(encoder)
    pieces = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("captions", total=len(texts))
        for piece in DatasetEmbedder(network).pieces(texts):
            pieces.append(as_kept(piece, network))
            progress.advance(task, len(piece))
    vectors = torch.cat(pieces) if pieces else torch.zeros(0, network.width)
    save_vectors(target, network.identity, captions, vectors)
    say(f"{target}: {len(texts)} captions of {len(captions)} pictures, {network.identity.name}")
