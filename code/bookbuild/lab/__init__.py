"""Chapters in JupyterLab: the same files, opened as notebooks and saved as they were."""
