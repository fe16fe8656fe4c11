"""Integer symbols to bytes and back, by integer tables; numpy only."""
