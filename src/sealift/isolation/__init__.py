"""The proof that environments are isolated. Pure: it reads values and bundled facts, no cloud, no clock.

`prove.prove(environments)` takes `EnvironmentView`s (rendered CloudFormation templates with names) and returns a
`Verdict`.
"""
