"""Whatever is done to a tar, it is read, or refused with an error of ours."""

import contextlib
import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from sidelight.bulk.tar_shards import TarShards
from sidelight.errors import CodecError


def pack(keys: list[str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as shard:
        for key in keys:
            for suffix, data in ((".png", key.encode() * 40), (".json", b'{"caption": "A."}')):
                info = tarfile.TarInfo(key + suffix)
                info.size = len(data)
                shard.addfile(info, io.BytesIO(data))
    return stream.getvalue()


WHOLE = pack(["a", "folder/b", "\u00e9" * 120])


@given(data=st.data())
def test_a_cut_or_changed_tar_is_read_or_refused(tmp_path_factory, data):
    damaged = bytearray(WHOLE[: data.draw(st.integers(0, len(WHOLE)))])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=5)
    ):
        if place < len(damaged):
            damaged[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.tar"
    path.write_bytes(damaged)
    rows = []
    with contextlib.suppress(CodecError):  # nothing else is raised
        rows.extend(TarShards().rows(str(path)))
    if bytes(damaged) == WHOLE:
        assert [row.caption for row in rows] == ["A."] * 3
