"""What can be told of the Ray engine without a cluster; tests/e2e/test_ray.py has one."""

import pickle
import sys

import pytest

from sidelight import __version__
from sidelight.bulk import ray
from sidelight.bulk.jobs import Job
from sidelight.errors import ConfigError


def test_batches_hold_every_job_once_and_files_of_like_size(tmp_path):
    jobs = []
    for k, size in enumerate((5, 900, 7, 1000, 6, 950, 8)):
        (tmp_path / str(k)).write_bytes(bytes(size))
        jobs.append(Job(str(tmp_path / str(k)), "target"))
    jobs += [Job(str(tmp_path / "missing"), "target"), Job("s3://bucket/far", "target")]
    batches = ray._batches(jobs, 3)
    assert [[each.number for each in batch] for batch in batches] == [
        [3, 5, 1],
        [6, 2, 4],
        [0, 7, 8],
    ]
    assert {each.job for batch in batches for each in batch} == set(jobs)


@pytest.mark.parametrize("gpus", [-0.5, 1.5])
def test_gpus_are_a_share_or_whole(gpus):
    with pytest.raises(ConfigError, match="a share up to 1, or whole"):
        ray.Cluster(gpus=gpus)


def test_without_ray_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'sidelight\[ray\]'"):
        list(ray.run_on_ray([Job("a", "b")], str, ray.Cluster()))


@pytest.mark.parametrize("address", ["", "host", "host:", ":6379", "ray://host:10001", "host:x"])
def test_an_address_is_a_host_and_a_port(address):
    with pytest.raises(ConfigError, match="HOST:PORT"):
        ray._check_address(address)


def test_a_machine_with_another_version_is_named():
    unfit = ray._why_unfit(ray._Actor(str, None, "0.0.1"))
    assert "install the same" in str(unfit)
    assert "0.0.1" in str(unfit)


def test_a_machine_without_the_files_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ray._why_unfit(ray._Actor(str, str(tmp_path), __version__)) is None
    unfit = ray._why_unfit(ray._Actor(str, str(tmp_path / "no"), __version__))
    assert "all machines need the same files" in str(unfit)
    assert type(pickle.loads(pickle.dumps(unfit))) is type(unfit)
