import dataclasses
import json
from pathlib import Path

import pytest

from sidelight.assets import find_assets
from sidelight.errors import CheckpointError, ConfigError
from sidelight.models.presets import PRESETS
from sidelight.train.losses.rate_distortion import DistortionConfig
from sidelight.train.recipe import AdversarialConfig, Phase, Recipe, load_recipe

TOML = """
data = [{ pictures = "train/*.tar" }]
held_out_shard = "b"
held_out = 10
target_bpp = [0.1, 0.3]
initial_lmbda = [2.0, 1.0]
phases = [{ steps = 10, crop = 64, batch = 2 }, { steps = 5, crop = 128, batch = 1 }]

[model]
preset = "small"
num_levels = 2
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(TOML)
    return path


def test_a_recipe_is_its_preset_with_changes(path):
    recipe = load_recipe(path)
    assert recipe.model == dataclasses.replace(PRESETS["small"], num_levels=2)
    assert recipe.phases == (
        Phase(steps=10, crop=64, batch=2),
        Phase(steps=5, crop=128, batch=1),
    )
    assert recipe.target_bpp == (0.1, 0.3)
    assert recipe.ema_decay == 0.999


def test_overrides_are_toml_and_reach_into_tables(path):
    overrides = ["seed=7", "model.text_width=384", "distortion.lpips_weight=0.5"]
    recipe = load_recipe(path, [*overrides, "target_bpp=[0.2,0.4]", 'held_out_shard="c=d"'])
    assert (recipe.seed, recipe.model.text_width) == (7, 384)
    assert recipe.distortion.lpips_weight == 0.5
    assert recipe.distortion.mse_weight == 0.075 * 2**-5
    assert recipe.target_bpp == (0.2, 0.4)
    assert recipe.held_out_shard == "c=d"


def test_stage_2_is_a_table_of_its_own(path):
    assert load_recipe(path).adversarial is None
    two = ["phases=[{ steps = 10, crop = 64, batch = 2 }]", "adversarial.text=false"]
    recipe = load_recipe(path, two)
    assert recipe.adversarial == AdversarialConfig(text=False)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_the_recorded_recipe_comes_back(path):
    recipe = load_recipe(path)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sed=7", "unknown key 'sed'"),
        ("model.widht=1", "unknown key 'widht'"),
        ("phases=[{ steps = 1, crop = 64 }]", "key 'batch' is missing"),
        ("phases=[{ steps = 1, crop = 96, batch = 1 }]", "multiple of 64, at most 16384, got 96"),
        ("phases=[{ steps = 0, crop = 64, batch = 1 }]", "must be >= 1"),
        ("phases=[]", "phases must name at least one"),
        (
            "phases=[{ steps = 1, crop = 64, batch = 1, learning_rate_share = 0.0 }]",
            r"learning_rate_share must be in \(0, 1\], got 0.0",
        ),
        ("dial.first_step=-1", "dial.first_step must be >= 0, got -1"),
        ('model.preset="huge"', r"one of \['balle2018-high', .*\], got 'huge'"),
        ("target_bpp=[0.1]", "need 2 values, one per level"),
        ("target_bpp=[0.1,0.0]", "target_bpp must be > 0"),
        ("initial_lmbda=[0.1,-1.0]", "initial_lmbda must be > 0"),
        ("text_dropout=1.0", r"text_dropout must be in \[0, 1\), got 1.0"),
        ("distortion.mse_weight=-1", "mse_weight must be >= 0"),
        ("warmup_steps=0", "warmup_steps must be >= 1, got 0"),
        ("steer_rate_after=0", "steer_rate_after must be >= 1, got 0"),
        ("seed", "seed: no value of TOML, where texts stand in quotes: Invalid value"),
        ("held_out_shard=c", "held_out_shard=c: no value of TOML"),
        ("seed.more=1", "seed must be int, got {'more': 1}"),
        ('learning_rate="fast"', "learning_rate must be float, got 'fast'"),
        ("odd_text=0.9", r"odd_text must be in \[0, 1 - text_dropout\), got 0.9"),
        ("data=3", "data must be a list"),
        ("data=[]", "data must name at least one source"),
        ("data=[{ drawings = 0 }]", "names pictures or a number of drawings > 0"),
        ('data=[{ pictures = "a", drawings = 2 }]', "names pictures or a number of drawings > 0"),
        ('data=[{ pictures = "a", tags = "b" }]', "unknown key 'tags'"),
        ('framing="square"', "framing must be one of"),
        ("adversarial.weight=0", "adversarial.weight must be > 0"),
        ("adversarial=3", "adversarial must be AdversarialConfig"),
        ("adversarial.text=false", "batches of at least 2"),
        ("phases.0.steps=1", "phases is not a table"),
        ("model=3", "model must be a table, got 3"),
        ("model.preset=[1]", r"model.preset must be one of .*, got \[1\]"),
        ("model.text_width=-1", "text_width must be >= 1, got -1"),
        ("model.latent_channels=999999999", "latent_channels must be <= 65536"),
        ("model.widths=[-8,8,8,8]", "widths must be >= 1, got -8"),
        ("sample_every=0", "sample_every must be >= 1, got 0"),
        ("seed=-1", "seed must be >= 0, got -1"),
        ("seed=99999999999999999999", "seed must be >= 0, got 9999"),
        ("seed=true", "seed must be int, got True"),
        ("learning_rate=nan", "learning_rate must be finite, got nan"),
        ("learning_rate=-inf", "learning_rate must be finite"),
        ("learning_rate=0", "learning_rate must be > 0, got 0.0"),
        (f"learning_rate=1{400 * '0'}", "learning_rate must be float"),
        ("ema_decay=2", r"ema_decay must be in \[0, 1\], got 2"),
        ("max_gradient_norm=0.0", "max_gradient_norm must be > 0"),
        ("phases=[{ steps = 1, crop = 64, batch = 99999999 }]", "phase.batch must be <= 65536"),
        ("phases=[{ steps = 1, crop = 6400000, batch = 1 }]", "phase.crop must be a multiple"),
        ("phases=[3]", "phases must be Phase, got 3"),
        (f"phases={3000 * '['}", "nested too deeply|Invalid value"),
    ],
)
def test_an_override_that_does_not_fit_is_refused(path, override, message):
    with pytest.raises(ConfigError, match=message):
        load_recipe(path, [override])


def test_word_ids_are_no_vector_for_a_discriminator():
    fragments = [RECIPES / "with" / "stage2.toml"]
    with pytest.raises(ConfigError, match=r"tgic-small reads word ids, .* adversarial.text to fal"):
        load_recipe(RECIPES / "tgic-small.toml", fragments=fragments)
    without = load_recipe(
        RECIPES / "tgic-small.toml", ["adversarial.text=false"], fragments=fragments
    )
    assert without.adversarial is not None


ONE_LEVEL = ["target_bpp=[0.3]", "initial_lmbda=[1.0]"]


@pytest.fixture
def other_codec(path):
    path.write_text(TOML.replace('"small"\nnum_levels = 2', '"cheng2020-small"'))
    return load_recipe(path, [*ONE_LEVEL, "model.ssa=true", "model.text_width=384"])


def test_a_recipe_may_train_another_learned_codec(other_codec):
    preset = PRESETS["cheng2020-small"]
    assert other_codec.model == dataclasses.replace(preset, ssa=True, text_width=384)


def test_the_recorded_recipe_of_another_codec_comes_back(other_codec):
    assert Recipe.from_dict(json.loads(json.dumps(other_codec.to_dict()))) == other_codec


def test_a_key_of_one_kind_of_model_is_unknown_to_the_other(path):
    with pytest.raises(ConfigError, match="unknown key 'widths'"):
        load_recipe(path, [*ONE_LEVEL, 'model={ preset = "balle2018-low", widths = [1] }'])


def test_a_preset_keeps_its_architecture(path):
    with pytest.raises(ConfigError, match="'small' has the architecture 'hific', got 'balle2018'"):
        load_recipe(path, ['model.architecture="balle2018"'])
    recipe = load_recipe(path, ['model.architecture="hific"'])
    assert recipe.model.architecture == "hific"


def test_a_recipe_may_say_a_shape_without_a_preset(path):
    shape = PRESETS["balle2018-small"]
    words = 'architecture="balle2018", name="mine", hyper_channels=96, latent_channels=128'
    recipe = load_recipe(path, [*ONE_LEVEL, f"model={{ {words} }}"])
    assert type(recipe.model) is type(shape)
    assert (recipe.model.name, recipe.model.latent_channels) == ("mine", 128)


def test_an_architecture_that_is_not_there_is_refused_with_those_that_are(path):
    words = 'architecture="balle2019", name="mine", hyper_channels=8, latent_channels=8'
    with pytest.raises(ConfigError, match=r"architecture must be one of .*'balle2018'"):
        load_recipe(path, [*ONE_LEVEL, f"model={{ {words} }}"])


def test_a_missing_key_is_named(path):
    path.write_text(TOML.replace('data = [{ pictures = "train/*.tar" }]', ""))
    with pytest.raises(ConfigError, match="key 'data' is missing"):
        load_recipe(path)


def test_a_file_that_is_no_toml_is_an_error(path):
    path.write_text("seed = = 3")
    with pytest.raises(ConfigError, match=r"recipe\.toml is no TOML: "):
        load_recipe(path)


def test_a_byte_order_mark_is_passed_over(path):
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_recipe(path).num_steps == 15


def test_phases_follow_each_other(path):
    recipe = load_recipe(path)
    assert recipe.num_steps == 15
    first, second = recipe.phases
    assert [recipe.phase_at(step) for step in (0, 9, 10, 14, 15, 99)] == [
        first, first, second, second, second, second
    ]  # fmt: skip


def test_a_recipe_may_extend_another_and_be_laid_over(path):
    folder = path.parent
    (folder / "high.toml").write_text('extends = "recipe.toml"\ntarget_bpp = [0.5, 0.9]\n')
    (folder / "blind.toml").write_text("generator_text = false\n[model]\nssa = false\n")
    recipe = load_recipe(folder / "high.toml", ["seed=4"], fragments=[folder / "blind.toml"])
    assert (recipe.target_bpp, recipe.seed) == ((0.5, 0.9), 4)
    assert recipe.phases == load_recipe(path).phases
    assert not recipe.generator_text
    assert recipe.model == dataclasses.replace(load_recipe(path).model, ssa=False)


RECIPES = Path(__file__).parents[3] / "recipes"
RATES = ("low", "mid", "high")


@pytest.mark.parametrize("name", [f"{s}-{r}" for s in ("paper", "base", "small") for r in RATES])
@pytest.mark.parametrize("fragments", [[], ["stage2"], ["stage2", "no-d-text"], ["no-g-text"],
                                       ["stage2", "no-text"], ["hific"],
                                       ["stage2", "no-text", "hific"]])  # fmt: skip
def test_every_variant_of_the_paper_is_a_recipe(name, fragments):
    files = [RECIPES / "with" / f"{fragment}.toml" for fragment in fragments]
    recipe = load_recipe(RECIPES / f"{name}.toml", fragments=files)
    assert recipe.model.name == name.split("-")[0]
    assert (recipe.adversarial is not None) == ("stage2" in fragments)
    if recipe.adversarial:
        assert recipe.adversarial.text == ("no-d-text" not in fragments and
                                           "no-text" not in fragments)  # fmt: skip
    assert recipe.generator_text == (not {"no-g-text", "no-text", "hific"} & set(fragments))
    assert recipe.model.ssa == ("hific" not in fragments)


def test_the_papers_constants_are_those_of_the_paper():
    recipe = load_recipe(
        RECIPES / "paper-low.toml", fragments=[RECIPES / "with" / "paper-stage2.toml"]
    )
    assert recipe.model == PRESETS["paper"]
    assert (recipe.target_bpp, recipe.initial_lmbda, recipe.low_lmbda) == ((0.14,), (2.0,), 2**-4)
    assert recipe.distortion == DistortionConfig(mse_weight=0.075 * 2**-5, lpips_weight=1.0)
    assert (recipe.adversarial.weight, recipe.adversarial.text) == (0.15, True)
    assert (recipe.phases[0].batch, recipe.matrix_learning_rate) == (16, 0)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_loads(path):
    recipe = load_recipe(path)
    mse = load_recipe(path, fragments=[RECIPES / "with" / "mse.toml"])
    assert mse.distortion.lpips_weight == 0
    assert mse.distortion.mse_weight == recipe.distortion.mse_weight


@pytest.mark.parametrize(
    ("name", "preset"),
    [("balle2018", "balle2018-low"), ("minnen2018", "minnen2018-low"),
     ("cheng2020", "cheng2020-low"), ("balle2018-small",) * 2, ("minnen2018-small",) * 2,
     ("cheng2020-small",) * 2],
)  # fmt: skip
def test_the_text_free_codecs_train_without_text(name, preset):
    recipe = load_recipe(RECIPES / f"{name}.toml")
    width = recipe.model.text_width
    assert recipe.model == dataclasses.replace(PRESETS[preset], text_width=width)
    assert not recipe.generator_text
    assert recipe.rate_rule == "steered"


@pytest.mark.parametrize("suffix", ["", "-small"])
def test_cheng_with_ssa_reads_text_and_has_a_twin_that_does_not(suffix):
    path = RECIPES / f"cheng2020-ssa{suffix}.toml"
    full = load_recipe(path)
    assert full.model.ssa
    assert full.generator_text
    twin = load_recipe(path, fragments=[RECIPES / "with" / "no-g-text.toml"])
    assert twin == dataclasses.replace(full, generator_text=False)


@pytest.mark.parametrize("suffix", ["", "-small"])
def test_hific_is_trained_as_the_full_model_is(suffix):
    hific = load_recipe(RECIPES / f"hific{suffix}.toml")
    full = load_recipe(RECIPES / f"{'small' if suffix else 'paper'}.toml")
    assert not hific.model.ssa
    expected = dataclasses.replace(full.model, name=f"hific{suffix}", ssa=False)
    assert hific == dataclasses.replace(full, model=expected, generator_text=False)


def test_the_recipe_of_the_shipped_model_loads():
    assert load_recipe(RECIPES / "small-multirate.toml").model.num_levels == 5


def test_a_switched_rate_is_for_one_level(path):
    with pytest.raises(ConfigError, match="switched is for models of one level"):
        load_recipe(path, ['rate_rule="switched"'])


@pytest.mark.parametrize("base", ['"recipe.toml"', '"a.toml"', "3", '"\\u0000"', '["recipe.toml"]'])
def test_what_a_recipe_extends_is_a_file_that_ends_somewhere(path, base):
    (path.parent / "a.toml").write_text('extends = "recipe.toml"\n')
    path.write_text(f"extends = {base}\n" + TOML)
    with pytest.raises(ConfigError, match=r"recipe\.toml( extends itself|: extends must name)"):
        load_recipe(path)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b"\xff\xfe", 4000 * b"[", b"a = 1\na = 2"])
def test_a_file_that_is_no_recipe_is_one_clear_error(path, data):
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"recipe\.toml"):
        load_recipe(path)


@pytest.mark.parametrize("pattern", ["", "**x/*.tar", "/**x"])
def test_a_glob_that_is_none_is_one_clear_error(pattern, monkeypatch, tmp_path):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    with pytest.raises(CheckpointError, match="is no path or glob"):
        find_assets(pattern)
