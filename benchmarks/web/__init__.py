"""What the browser package is measured with; the measuring itself is in web/benchmarks."""
