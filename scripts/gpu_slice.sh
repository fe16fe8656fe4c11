#!/usr/bin/env bash
# Trains a recipe for a slice of time on a machine with a GPU that has nothing but what is carried
# there, and brings the run back in pieces.
#
#   scripts/gpu_slice.sh pack RECIPE FOLDER [RUN_FOLDER]
#       Here: fills FOLDER (at most 60 MiB) with the package, the recipe, the shards and weights it
#       needs, and the state of RUN_FOLDER if that is to go on.
#   scripts/gpu_slice.sh train FOLDER OUT MINUTES [DEVICE]
#       There: trains from decoded pictures in memory, then writes OUT/log.jsonl, OUT/recipe.json
#       and the state in pieces of at most 15 MiB. DEVICE is cuda by default.
#   scripts/gpu_slice.sh unpack OUT RUN_FOLDER
#       Here: joins the pieces into RUN_FOLDER, from which `sidelight train --resume` goes on.
set -euo pipefail

limit_mib=60
# what the package imports and such a machine may lack; torch itself must be there
wheels="${WHEELS-constriction defusedxml pillow typer click rich markdown-it-py mdurl pygments shellingham annotated-doc}"
wheels_python="${WHEELS_PYTHON-3.12}"
piece=15M
here="$(cd "$(dirname "$0")/.." && pwd)"
python="${PYTHON:-python3}"
need() { [ -n "${2:-}" ] || { sed -n '2,15p' "$0" >&2; echo "gpu_slice.sh: $1 is missing" >&2; exit 2; }; }

pack() {
    local recipe=$1 folder=$2 run=${3:-}
    : "${SIDELIGHT_ASSETS:?set it to the folder of training data and weights}"
    rm -rf "$folder" && mkdir -p "$folder/assets/weights"
    cp -r "$here/src" "$folder/src"
    find "$folder/src" -name __pycache__ -prune -exec rm -rf {} +
    cp "$recipe" "$folder/recipe.toml"
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
    "$python" - "$recipe" "$folder" "$limit_mib" <<'PYTHON'
# the shards that the recipe names, smallest first, as many as there is room for
import os, shutil, sys, tomllib
from pathlib import Path
recipe, folder, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) << 20
assets = Path(os.environ["SIDELIGHT_ASSETS"])
room = limit - sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
sources = tomllib.loads(recipe.read_text())["data"]
shards = {path for source in sources for path in assets.glob(source["pictures"])}
left_out = []
for shard in sorted(shards, key=lambda path: (path.stat().st_size, path.name)):
    if shard.stat().st_size > room:
        left_out.append(shard.name)
        continue
    target = folder / "assets" / shard.relative_to(assets)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shard, target)
    room -= shard.stat().st_size
if len(left_out) == len(shards):
    sys.exit(f"gpu_slice.sh: no shard of {recipe} fits into {limit >> 20} MiB")
print(f"{folder}: {(limit - room) >> 20} MiB; left out: {', '.join(left_out) or 'nothing'}")
PYTHON
}

train() {
    local folder=$1 out=$2 minutes=$3 device=${4:-cuda} run
    run="$(mktemp -d)/run"
    mkdir -p "$out"
    [ ! -d "$folder/run" ] || cp -r "$folder/run" "$run"
    export SIDELIGHT_ASSETS="$folder/assets" PYTHONPATH="$folder/src:${PYTHONPATH:-}"
    XDG_CACHE_HOME="$(mktemp -d)" && export XDG_CACHE_HOME
    if [ -d "$folder/wheels" ]; then
        local site
        site="$(mktemp -d)"
        "$python" -m pip install --quiet --no-index --no-deps --target "$site" "$folder"/wheels/*.whl
        PYTHONPATH="$PYTHONPATH:$site"
    fi
    local workers=0
    [ "$device" = cpu ] || workers=8
    "$python" -c 'from sidelight.cli.app import app; app()' train "$folder/recipe.toml" "$run" --resume \
        --time-limit "${minutes}m" --device "$device" --workers "$workers"
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
    train) need MINUTES "${4:-}"; train "${@:2}" ;;
    unpack) need RUN_FOLDER "${3:-}"; unpack "${@:2}" ;;
    *) need "pack, train or unpack" "" ;;
esac
