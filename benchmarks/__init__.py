"""Programs that measure the codec: each writes one JSON record of real files and real times."""
