"""CompressAI's published layers: names and shapes of its state dicts, and what they compute."""

import torch
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]
N, M = 6, 8
ARCHITECTURES = ("balle2018", "minnen2018-mean-scale", "minnen2018", "cheng2020")


class Shapes(dict[str, tuple[int, ...]]):
    """Names and shapes of a state dict under construction."""

    def conv(self, name: str, kernel: int, fan_in: int, fan_out: int) -> None:
        self[name + ".weight"] = (fan_out, fan_in, kernel, kernel)
        self[name + ".bias"] = (fan_out,)

    def deconv(self, name: str, fan_in: int, fan_out: int) -> None:
        self[name + ".weight"] = (fan_in, fan_out, 5, 5)
        self[name + ".bias"] = (fan_out,)

    def gdn(self, name: str, channels: int) -> None:
        self[name + ".beta"] = (channels,)
        self[name + ".gamma"] = (channels, channels)
        for constant in ("beta", "gamma"):
            self[f"{name}.{constant}_reparam.pedestal"] = (1,)
            self[f"{name}.{constant}_reparam.lower_bound.bound"] = (1,)

    def bottleneck(self, n: int) -> None:
        sizes = (1, 3, 3, 3, 3, 1)
        for k in range(5):
            self[f"entropy_bottleneck._matrix{k}"] = (n, sizes[k + 1], sizes[k])
            self[f"entropy_bottleneck._bias{k}"] = (n, sizes[k + 1], 1)
            if k < 4:
                self[f"entropy_bottleneck._factor{k}"] = (n, sizes[k + 1], 1)
        self["entropy_bottleneck.quantiles"] = (n, 1, 3)
        self["entropy_bottleneck.target"] = (3,)
        self["entropy_bottleneck._quantized_cdf"] = (n, 30)
        self["entropy_bottleneck._offset"] = self["entropy_bottleneck._cdf_length"] = (n,)
        self["entropy_bottleneck.likelihood_lower_bound.bound"] = (1,)
        self["gaussian_conditional._quantized_cdf"] = (64, 90)
        self["gaussian_conditional.scale_table"] = (64,)
        self["gaussian_conditional.lower_bound_scale.bound"] = (1,)

    def transforms(self, n: int, m: int) -> None:
        for k, (fan_in, fan_out) in enumerate([(3, n), (n, n), (n, n), (n, m)]):
            self.conv(f"g_a.{2 * k}", 5, fan_in, fan_out)
        for k, (fan_in, fan_out) in enumerate([(m, n), (n, n), (n, n), (n, 3)]):
            self.deconv(f"g_s.{2 * k}", fan_in, fan_out)
        for k in (1, 3, 5):
            self.gdn(f"g_a.{k}", n)
            self.gdn(f"g_s.{k}", n)
        self.conv("h_a.0", 3, m, n)
        self.conv("h_a.2", 5, n, n)
        self.conv("h_a.4", 5, n, n)

    def context(self, m: int) -> None:
        self.conv("context_prediction", 5, m, 2 * m)
        self["context_prediction.mask"] = (2 * m, m, 5, 5)
        self.conv("entropy_parameters.0", 1, 4 * m, m * 10 // 3)
        self.conv("entropy_parameters.2", 1, m * 10 // 3, m * 8 // 3)
        self.conv("entropy_parameters.4", 1, m * 8 // 3, 2 * m)

    def residual(self, name: str, n: int) -> None:
        self.conv(name + ".conv1", 3, n, n)
        self.conv(name + ".conv2", 3, n, n)

    def strided(self, name: str, fan_in: int, n: int) -> None:
        self.conv(name + ".conv1", 3, fan_in, n)
        self.conv(name + ".conv2", 3, n, n)
        self.gdn(name + ".gdn", n)
        self.conv(name + ".skip", 1, fan_in, n)

    def upsampling(self, name: str, n: int) -> None:
        self.conv(name + ".subpel_conv.0", 3, n, 4 * n)
        self.conv(name + ".conv", 3, n, n)
        self.gdn(name + ".igdn", n)
        self.conv(name + ".upsample.0", 3, n, 4 * n)

    def attention(self, name: str, n: int) -> None:
        for branch in ("conv_a", "conv_b"):
            for k in range(3):
                self.conv(f"{name}.{branch}.{k}.conv.0", 1, n, n // 2)
                self.conv(f"{name}.{branch}.{k}.conv.2", 3, n // 2, n // 2)
                self.conv(f"{name}.{branch}.{k}.conv.4", 1, n // 2, n)
        self.conv(name + ".conv_b.3", 1, n, n)

    def cheng(self, n: int) -> None:
        for k, fan_in in ((0, 3), (2, n), (5, n)):
            self.strided(f"g_a.{k}", fan_in, n)
        for name in ("g_a.1", "g_a.4", "g_a.6", "g_s.1", "g_s.3", "g_s.6", "g_s.8"):
            self.residual(name, n)
        for name in ("g_a.3", "g_a.8", "g_s.0", "g_s.5"):
            self.attention(name, n)
        for k in (2, 4, 7):
            self.upsampling(f"g_s.{k}", n)
        self.conv("g_a.7", 3, n, n)
        self.conv("g_s.9.0", 3, n, 12)
        for k in range(0, 10, 2):
            self.conv(f"h_a.{k}", 3, n, n)
        wide = n * 3 // 2
        self.conv("h_s.0", 3, n, n)
        self.conv("h_s.2.0", 3, n, 4 * n)
        self.conv("h_s.4", 3, n, wide)
        self.conv("h_s.6.0", 3, wide, 4 * wide)
        self.conv("h_s.8", 3, wide, 2 * n)


def shapes_of(architecture: str) -> Shapes:
    shapes = Shapes()
    shapes.bottleneck(N)
    if architecture == "cheng2020":
        shapes.cheng(N)
        shapes.context(N)
        return shapes
    shapes.transforms(N, M)
    if architecture == "balle2018":
        shapes.deconv("h_s.0", N, N)
        shapes.deconv("h_s.2", N, N)
        shapes.conv("h_s.4", 3, N, M)
    else:
        shapes.deconv("h_s.0", N, M)
        shapes.deconv("h_s.2", M, M * 3 // 2)
        shapes.conv("h_s.4", 3, M * 3 // 2, 2 * M)
    if architecture == "minnen2018":
        shapes.context(M)
    return shapes


def published(architecture: str) -> State:
    generator = torch.Generator().manual_seed(3)
    state = {}
    for name, shape in shapes_of(architecture).items():
        state[name] = 0.3 * torch.randn(shape, generator=generator)
        if name.endswith((".beta", ".gamma")):
            state[name] = state[name].abs() + (name.endswith("beta"))
    quantiles = state["entropy_bottleneck.quantiles"]
    quantiles[:, 0, 1] = torch.linspace(-2.3, 1.7, N)
    return state


class Theirs:
    """CompressAI's layers, one function call after another."""

    def __init__(self, architecture: str, state: State) -> None:
        self.architecture, self.state = architecture, state
        self.slope = 0.0 if architecture == "balle2018" else 0.01

    def conv(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight, bias = self.state[name + ".weight"], self.state[name + ".bias"]
        return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2)

    def deconv(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.state[name + ".weight"], self.state[name + ".bias"]
        return F.conv_transpose2d(x, weight, bias, 2, 2, output_padding=1)

    def subpel(self, name: str, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(name, x), 2)

    def gdn(self, name: str, x: Tensor, *, inverse: bool) -> Tensor:
        pedestal = 2.0**-36
        bound = (1e-6 + pedestal) ** 0.5
        beta = self.state[name + ".beta"].clamp_min(bound) ** 2 - pedestal
        gamma = self.state[name + ".gamma"].clamp_min(pedestal**0.5) ** 2 - pedestal
        norm = torch.einsum("ij,bjhw->bihw", gamma, x**2) + beta[:, None, None]
        return x * norm.sqrt() if inverse else x / norm.sqrt()

    def leaky(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, 0.01)

    def residual(self, name: str, x: Tensor) -> Tensor:
        inner = self.leaky(self.conv(name + ".conv1", x))
        return self.leaky(self.conv(name + ".conv2", inner)) + x

    def strided(self, name: str, x: Tensor) -> Tensor:
        inner = self.conv(name + ".conv2", self.leaky(self.conv(name + ".conv1", x, 2)))
        return self.gdn(name + ".gdn", inner, inverse=False) + self.conv(name + ".skip", x, 2)

    def upsampling(self, name: str, x: Tensor) -> Tensor:
        inner = self.conv(name + ".conv", self.leaky(self.subpel(name + ".subpel_conv.0", x)))
        skip = self.subpel(name + ".upsample.0", x)
        return self.gdn(name + ".igdn", inner, inverse=True) + skip

    def attention(self, name: str, x: Tensor) -> Tensor:
        def unit(place: str, x: Tensor) -> Tensor:
            inner = F.relu(self.conv(place + ".conv.0", x))
            inner = F.relu(self.conv(place + ".conv.2", inner))
            return F.relu(self.conv(place + ".conv.4", inner) + x)

        a = b = x
        for k in range(3):
            a = unit(f"{name}.conv_a.{k}", a)
            b = unit(f"{name}.conv_b.{k}", b)
        return x + a * torch.sigmoid(self.conv(name + ".conv_b.3", b))

    def g_a(self, x: Tensor) -> Tensor:
        if self.architecture == "cheng2020":
            x = self.residual("g_a.1", self.strided("g_a.0", x))
            x = self.residual("g_a.4", self.attention("g_a.3", self.strided("g_a.2", x)))
            x = self.residual("g_a.6", self.strided("g_a.5", x))
            return self.attention("g_a.8", self.conv("g_a.7", x, 2))
        for k in (0, 2, 4):
            x = self.gdn(f"g_a.{k + 1}", self.conv(f"g_a.{k}", x, 2), inverse=False)
        return self.conv("g_a.6", x, 2)

    def g_s(self, y: Tensor) -> Tensor:
        if self.architecture == "cheng2020":
            y = self.upsampling("g_s.2", self.residual("g_s.1", self.attention("g_s.0", y)))
            y = self.upsampling("g_s.4", self.residual("g_s.3", y))
            y = self.upsampling("g_s.7", self.residual("g_s.6", self.attention("g_s.5", y)))
            return self.subpel("g_s.9.0", self.residual("g_s.8", y))
        for k in (0, 2, 4):
            y = self.gdn(f"g_s.{k + 1}", self.deconv(f"g_s.{k}", y), inverse=True)
        return self.deconv("g_s.6", y)

    def h_a(self, y: Tensor) -> Tensor:
        if self.architecture == "cheng2020":
            for k, stride in ((0, 1), (2, 1), (4, 2), (6, 1)):
                y = self.leaky(self.conv(f"h_a.{k}", y, stride))
            return self.conv("h_a.8", y, 2)
        y = y.abs() if self.architecture == "balle2018" else y
        for k, stride in ((0, 1), (2, 2)):
            y = F.leaky_relu(self.conv(f"h_a.{k}", y, stride), self.slope)
        return self.conv("h_a.4", y, 2)

    def h_s(self, z: Tensor) -> Tensor:
        if self.architecture == "cheng2020":
            z = self.leaky(self.subpel("h_s.2.0", self.leaky(self.conv("h_s.0", z))))
            z = self.leaky(self.subpel("h_s.6.0", self.leaky(self.conv("h_s.4", z))))
            return self.conv("h_s.8", z)
        for k in (0, 2):
            z = F.leaky_relu(self.deconv(f"h_s.{k}", z), self.slope)
        last = self.conv("h_s.4", z)
        return F.relu(last) if self.architecture == "balle2018" else last

    def gaussian(self, hyper: Tensor, y_hat: Tensor) -> tuple[Tensor, Tensor]:
        if self.architecture == "balle2018":
            return torch.zeros_like(y_hat), hyper.clamp_min(0.11)
        if self.architecture != "minnen2018-mean-scale":
            weight = self.state["context_prediction.weight"].clone()
            weight[:, :, 2, 2:] = 0
            weight[:, :, 3:] = 0
            read = F.conv2d(y_hat, weight, self.state["context_prediction.bias"], padding=2)
            hyper = torch.cat((hyper, read), dim=1)
            hyper = self.leaky(self.conv("entropy_parameters.0", hyper))
            hyper = self.leaky(self.conv("entropy_parameters.2", hyper))
            hyper = self.conv("entropy_parameters.4", hyper)
        scales, means = hyper.chunk(2, 1)
        return means, scales.clamp_min(0.11)

    def density(self, z: Tensor) -> Tensor:
        def logits(values: Tensor) -> Tensor:
            for k in range(5):
                matrix = F.softplus(self.state[f"entropy_bottleneck._matrix{k}"])
                values = matrix @ values + self.state[f"entropy_bottleneck._bias{k}"]
                if k < 4:
                    factor = self.state[f"entropy_bottleneck._factor{k}"]
                    values = values + torch.tanh(factor) * torch.tanh(values)
            return values

        flat = z.transpose(0, 1).reshape(N, 1, -1)
        mass = torch.sigmoid(logits(flat + 0.5)) - torch.sigmoid(logits(flat - 0.5))
        return mass.reshape(N, len(z), *z.shape[2:]).transpose(0, 1).clamp_min(1e-9)
