"""NIMA's MobileNet in numpy, from tensors named and shaped as Keras does."""

import numpy as np
from jaxtyping import Float

_BLOCKS = [
    *[(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)],
    *[(512, 512, 1)] * 5,
    *[(512, 1024, 2), (1024, 1024, 1)],
]
"""Width before, width after and stride of the 13 blocks (Howard et al., table 1)."""


def keras_tensors() -> dict[str, np.ndarray]:
    """Returns seeded tensors, of sizes that keep the signal alive and let it pass 6."""
    random = np.random.default_rng(5)
    found = {}
    for name, shape in _keras_shapes().items():
        value = random.normal(size=shape)
        if "kernel" in name:
            inputs = 9 if "depthwise" in name else np.prod(shape[:-1])
            value *= (2 / inputs) ** 0.5
        elif "variance" in name or "gamma" in name:
            # small enough for the constant under the root to matter
            value = np.exp(value) * (0.01 if "variance" in name else 0.1)
        elif "moving_mean" in name:
            value *= 0.01
        found[name] = value.astype(np.float32)
    return found


def keras_shares(
    tensors: dict[str, np.ndarray], x: Float[np.ndarray, "h w 3"]
) -> Float[np.ndarray, "10"]:
    """Returns the shares of the ten scores, from values in [-1, 1]."""

    def normed(x: np.ndarray, layer: str) -> np.ndarray:
        gamma, beta, mean, variance = (
            tensors[f"{layer}_bn/{kind}:0"]
            for kind in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return np.clip(gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta, 0, 6)

    x = normed(_same_convolution(x, tensors["conv1/kernel:0"], 2), "conv1")
    for k, (_, _, stride) in enumerate(_BLOCKS, start=1):
        depthwise = tensors[f"conv_dw_{k}/depthwise_kernel:0"]
        x = normed(_same_convolution(x, depthwise, stride), f"conv_dw_{k}")
        x = normed(x @ tensors[f"conv_pw_{k}/kernel:0"][0, 0], f"conv_pw_{k}")
    logits = x.mean((0, 1)) @ tensors["dense_1/kernel:0"] + tensors["dense_1/bias:0"]
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def _keras_shapes() -> dict[str, tuple[int, ...]]:
    """Returns what idealo's file holds, by name."""
    shapes: dict[str, tuple[int, ...]] = {"conv1/kernel:0": (3, 3, 3, 32)}
    norms = {"conv1_bn": 32}
    for k, (width, out_width, _) in enumerate(_BLOCKS, start=1):
        shapes[f"conv_dw_{k}/depthwise_kernel:0"] = (3, 3, width, 1)
        shapes[f"conv_pw_{k}/kernel:0"] = (1, 1, width, out_width)
        norms |= {f"conv_dw_{k}_bn": width, f"conv_pw_{k}_bn": out_width}
    for layer, width in norms.items():
        for kind in ("gamma", "beta", "moving_mean", "moving_variance"):
            shapes[f"{layer}/{kind}:0"] = (width,)
    return shapes | {"dense_1/kernel:0": (1024, 10), "dense_1/bias:0": (10,)}


def _same_convolution(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """TensorFlow's padding "same"; x (h, w, in), kernel (3, 3, in, out), or (3, 3, in, 1)."""
    out = -(-x.shape[0] // stride)
    total = (out - 1) * stride + 3 - x.shape[0]
    before = total // 2
    x = np.pad(x, ((before, total - before), (before, total - before), (0, 0)))
    result = np.zeros(1)
    for i in range(3):
        for j in range(3):
            moved = x[i : i + out * stride : stride, j : j + out * stride : stride][:out, :out]
            tap = kernel[i, j]
            result = result + (moved * tap[:, 0] if tap.shape[1] == 1 else moved @ tap)
    return result
