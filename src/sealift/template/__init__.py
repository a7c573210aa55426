"""Reads, seals and renders SAM and CloudFormation templates.

`reading` parses, `includes` and `loops` complete, `assets` and `declared` find, `sealing` writes the neutral
template, `rendering` translates SAM. `templates.SamTemplates` is the port.
"""
