"""HTML pages whose pictures travel as .slt files (paper figure 1)."""
