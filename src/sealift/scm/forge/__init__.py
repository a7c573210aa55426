"""The services that hold the code: reports, statuses and comments on a pull request, by their HTTP APIs.

What is shown is made in `pipelines/report.py`. A report that cannot be posted never fails a delivery.
"""
