"""Damaged .slt files give the same errors in Python and in web/, which reads the same list."""

import json
from pathlib import Path

import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight import errors
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.codec.codec import Codec

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
DAMAGED = (ROOT / "conformance" / "slt" / "damaged.jsonl").read_text("utf-8").splitlines()


def test_damaged_files_give_the_errors_that_are_written_down():
    codec = Codec(load_checkpoint(GOLDEN / "tiny.safetensors"), HashingTextEncoder())
    for line in DAMAGED:
        entry = json.loads(line)
        data = bytearray((GOLDEN / entry["file"]).read_bytes()[: entry["bytes"]])
        for place, value in entry["set"]:
            data[place] = value
        if entry["error"] is None:
            codec.open(bytes(data))
            continue
        with pytest.raises(errors.CodecError) as raised:
            codec.open(bytes(data))
        assert type(raised.value) is getattr(errors, entry["error"]), line
