#!/usr/bin/env bash
# Trains a recipe for a slice of time on a machine with a GPU that has nothing but what is carried
# there, and brings the run back in pieces.
#
#   scripts/gpu_slice.sh pack RECIPE FOLDER [RUN_FOLDER]
#       Here: fills FOLDER (at most 60 MiB) with the package, the recipe, the vectors of all captions,
#       LPIPS's weights, the weights that the recipe starts from, and the state of RUN_FOLDER if that is
#       to go on; then with shards. Those that there is no room for go into FOLDER-2, FOLDER-3 and so
#       on, to be carried by calls of their own.
#   scripts/gpu_slice.sh keep FOLDER STORE
#       There: copies what a call has brought into STORE, beside what earlier ones have.
#   scripts/gpu_slice.sh train STORE OUT MINUTES [DEVICE]
#       There: trains, coding pictures and samples included, for so long; then writes OUT/log.jsonl,
#       OUT/recipe.json and the state in pieces of at most 15 MiB. DEVICE is cuda by default.
#   scripts/gpu_slice.sh unpack OUT RUN_FOLDER
#       Here: joins the pieces into RUN_FOLDER, from which `sidelight train --resume` goes on.
set -euo pipefail

limit_mib=60
# what the package imports and such a machine may lack; torch itself must be there
wheels="${WHEELS-constriction defusedxml pillow}"
wheels_python="${WHEELS_PYTHON-3.12}"
piece=15M
ending_s=30 # for the last samples and the pieces
here="$(cd "$(dirname "$0")/.." && pwd)"
python="${PYTHON:-python3}"
need() { [ -n "${2:-}" ] || { sed -n '2,19p' "$0" >&2; echo "gpu_slice.sh: $1 is missing" >&2; exit 2; }; }

pack() {
    local recipe=$1 folder=$2 run=${3:-}
    : "${SIDELIGHT_ASSETS:?set it to the folder of training data and weights}"
    rm -rf "$folder" "$folder"-[0-9] && mkdir -p "$folder/assets/weights" "$folder/cache"
    cp -r "$here/src" "$folder/src"
    find "$folder/src" -name __pycache__ -prune -exec rm -rf {} +
    rm "$folder"/src/sidelight/weights/*.safetensors
    cp "$0" "$folder/"
    cp "$SIDELIGHT_ASSETS/weights/lpips_alexnet_v0.1.safetensors" "$folder/assets/weights/"
    if [ -n "$wheels" ]; then
        # shellcheck disable=SC2086 # a list
        "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
            --only-binary=:all: --python-version "$wheels_python" --implementation cp \
            --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
            --platform manylinux2014_x86_64 --dest "$folder/wheels" $wheels
    fi
    if [ -n "$run" ]; then
        mkdir "$folder/run"
        cp "$run/state.pt" "$run/recipe.json" "$folder/run/"
    fi
    XDG_CACHE_HOME="$folder/cache" PYTHONPATH="$here/src:${PYTHONPATH:-}" \
        "$python" - "$recipe" "$folder" "$limit_mib" <<'PYTHON'
import shutil
import sys
from pathlib import Path

import torch

from sidelight.assets import assets_folder, find_assets
from sidelight.codec.card import MODEL_SUFFIX
from sidelight.text.registry import load_text_encoder
from sidelight.train.data.datasets import find_pictures, no_words, odd_vectors, text_vectors
from sidelight.train.recipe import load_recipe, save_recipe
from sidelight.train.state_file import read_state, start_file


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


recipe, folder, limit = load_recipe(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]) << 20
save_recipe(recipe, folder)
if recipe.start_from:
    start = start_file(recipe.start_from)
    # a relative path, as the run is to find it there
    (folder / start).parent.mkdir(parents=True, exist_ok=True)
    if start.suffix == MODEL_SUFFIX:
        shutil.copyfile(start, folder / start)
    else:
        state = read_state(start, ["ema", "objective"], device="cpu")
        torch.save({part: state[part] for part in ("ema", "objective")}, folder / start)

# the text encoder is slow, and its vectors are small
encoder = load_text_encoder(recipe.text_encoder)
pictures, _ = find_pictures(recipe, no_words)
text_vectors(pictures, encoder)
odd_vectors(recipe, encoder)

# the shards, smallest first, into as many folders as it takes
shards = {path for source in recipe.data if source.pictures for path in find_assets(source.pictures)}
folders, too_large = [folder], []
for shard in sorted(shards, key=lambda path: (path.stat().st_size, path.name)):
    if shard.stat().st_size > limit:
        too_large.append(shard.name)
        continue
    if size(folders[-1]) + shard.stat().st_size > limit:
        folders.append(folder.with_name(f"{folder.name}-{len(folders) + 1}"))
    target = folders[-1] / "assets" / shard.relative_to(assets_folder())
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shard, target)
if len(too_large) == len(shards):
    sys.exit(f"gpu_slice.sh: no shard of {sys.argv[1]} fits into {limit >> 20} MiB")
for each in folders:
    print(f"{each}: {size(each) >> 20} MiB")
print(f"left out: {', '.join(too_large) or 'nothing'}")
PYTHON
}

keep() {
    mkdir -p "$2"
    cp -r "$1/." "$2/"
}

train() {
    local store out minutes=$3 device=${4:-cuda} workers=0 run
    mkdir -p "$2"
    store=$(realpath "$1") out=$(realpath "$2") run="$store/run"
    if [ -d "$store/wheels" ] && [ ! -d "$store/site" ]; then
        "$python" -m pip install --quiet --no-index --no-deps --target "$store/site" "$store"/wheels/*.whl
    fi
    [ "$device" = cpu ] || workers=14
    SIDELIGHT_ASSETS="$store/assets" XDG_CACHE_HOME="$store/cache" \
        PYTHONPATH="$store/src:$store/site:${PYTHONPATH:-}" \
        "$python" - "$store" "$run" "$minutes" "$ending_s" "$device" "$workers" <<'PYTHON'
# without the command line: such a machine need not have what that imports
import os
import sys
from pathlib import Path

from sidelight.train.recipe import recipe_of_run
from sidelight.train.run import train

store, run, minutes, ending_s, device, workers = sys.argv[1:]
seconds = 60 * float(minutes)
os.chdir(store)  # what the recipe starts from is there
train(
    recipe_of_run(Path(store)),
    Path(run),
    resume=True,
    device=device,
    time_limit_s=max(seconds - float(ending_s), seconds / 2),
    num_workers=int(workers),
    report=lambda step, record: print(step, record, flush=True),
    tell=print,
)
PYTHON
    cp "$run/log.jsonl" "$run/recipe.json" "$out/"
    split --bytes "$piece" --numeric-suffixes "$run/state.pt" "$out/state.pt."
}

unpack() {
    local out=$1 run=$2
    mkdir -p "$run"
    cat "$out"/state.pt.* > "$run/state.partial"
    mv "$run/state.partial" "$run/state.pt"
    cp "$out/log.jsonl" "$out/recipe.json" "$run/"
}

case "${1:-}" in
    pack) need FOLDER "${3:-}"; pack "${@:2}" ;;
    keep) need STORE "${3:-}"; keep "${@:2}" ;;
    train) need MINUTES "${4:-}"; train "${@:2}" ;;
    unpack) need RUN_FOLDER "${3:-}"; unpack "${@:2}" ;;
    *) need "pack, keep, train or unpack" "" ;;
esac
