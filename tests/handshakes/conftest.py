import pytest

from . import scene as scenes


@pytest.fixture
def scene(stage, tmp_path):
    scene = scenes.Scene(stage, tmp_path)
    yield scene
    scene.close()
