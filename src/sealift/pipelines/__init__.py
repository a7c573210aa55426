"""Pipeline files of CI systems: what may stand in one, what a good one does, and the one that Sealift writes.

Pure: texts in, findings and texts out. Reading and writing files is done elsewhere.
"""
