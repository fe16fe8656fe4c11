"""The shapes of the models that tests share: small, with every kind of layer."""

from sidelight.models.config import CarrierConfig, DiscriminatorConfig, HiFiCConfig

TINY_CONFIG = HiFiCConfig(
    name="tiny",
    widths=(8, 12, 16, 24),
    stem_kernel=5,
    latent_channels=12,
    hyper_channels=8,
    residual_blocks=(1, 1, 0, 0),
    text_width=16,
    text_hidden=8,
    mask_channels=(4, 4, 4, 4),
    num_levels=3,
    linear_paths=True,
    discriminator=DiscriminatorConfig(
        widths=(8, 8, 16, 16), last_stride=2, text_channels=8, joint_channels=8
    ),
)

TINY_CARRIER = CarrierConfig(
    name="tiny-carrier",
    widths=(8, 12, 16),
    encoder_blocks=(0, 1, 1),
    decoder_blocks=(1, 1, 0),
    mask_channels=(4, 4, 4),
    text_width=16,
    text_hidden=8,
    dial_hidden=4,
    grain=True,
    discriminator=TINY_CONFIG.discriminator,
)
"""A carrier generator of stride 8."""
