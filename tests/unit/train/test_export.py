import torch

from sidelight.models.codec_model import CodecModel
from sidelight.train.export import ignore_text


@torch.no_grad()
def test_a_generator_that_never_read_text_then_ignores_it(make_tiny_model, tiny_config):
    model: CodecModel = make_tiny_model().eval()
    y_hat = torch.randn(1, tiny_config.latent_channels, 4, 4)
    text, none = torch.randn(1, tiny_config.text_width), torch.zeros(1, tiny_config.text_width)
    before = model.generator(y_hat, none)
    assert not torch.equal(model.generator(y_hat, text), before)
    ignore_text(model)
    assert torch.equal(model.generator(y_hat, none), before)
    assert torch.equal(model.generator(y_hat, text), before)
