"""What a network costs, counted while it runs."""

from collections.abc import Callable

from torch import Tensor, nn

from sidelight.nn.gdn import GDN


def multiply_adds(network: nn.Module, call: Callable[[], object]) -> float:
    """Counts multiplications of convolutions, GDN and matrices, in billions, biases left out."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal total
        # each input of a transposed convolution meets every tap; elsewhere each output does
        if isinstance(layer, nn.ConvTranspose2d):
            total += inputs[0].numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += output.numel() * layer.in_features
        elif isinstance(layer, GDN):
            total += output.numel() * len(layer.beta)
        else:
            total += output.numel() * layer.weight[0].numel()

    counted = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, GDN)
    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, counted)]
    call()
    for hook in hooks:
        hook.remove()
    return total / 1e9
