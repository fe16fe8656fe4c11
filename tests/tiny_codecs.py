"""Shapes of the other learned codecs that tests share: as small as they go."""

from sidelight.models.config import CodecConfig, DiscriminatorConfig, config_class

_DISCRIMINATOR = DiscriminatorConfig(
    widths=(8, 8, 16, 16), last_stride=2, text_channels=8, joint_channels=8
)


def tiny_codec(architecture: str, *, ssa: bool = False) -> CodecConfig:
    n, m = (8, 8) if architecture == "cheng2020" else (8, 12)
    return config_class(architecture)(
        architecture=architecture,
        name="tiny-" + architecture + "-ssa" * ssa,
        hyper_channels=n,
        latent_channels=m,
        text_width=16,
        ssa=ssa,
        text_hidden=8,
        mask_channels=(4, 4, 4, 4),
        discriminator=_DISCRIMINATOR,
    )


TINY_CODECS = {
    config.name: config
    for config in (
        tiny_codec("balle2018"),
        tiny_codec("minnen2018-mean-scale"),
        tiny_codec("minnen2018"),
        tiny_codec("cheng2020"),
        tiny_codec("cheng2020", ssa=True),
    )
}
