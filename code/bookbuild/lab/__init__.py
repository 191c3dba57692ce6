"""Chapters in JupyterLab and as notebooks."""


__all__ = ["export", "jupyterlab"]
