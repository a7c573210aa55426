"""Continuous delivery for serverless applications on AWS, with sealed environments and sealed releases."""

__version__ = "0.1.0"
