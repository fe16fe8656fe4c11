"""Networks without torch: graphs and weights out of a model's file, run by onnxruntime."""
