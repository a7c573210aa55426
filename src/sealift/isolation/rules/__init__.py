"""The rules of the proof, one file each, in the order in which they are asked.

Where several rules report one text with one severity, the first of them does: those for any place stand last.
"""

from importlib import import_module

from sealift.isolation.rule import Rule

_ORDER = """
PRF-01 PRF-02 RES-01 NAM-01 NAM-02 NAM-03 NAM-04 IAM-01 IAM-02 IAM-03 IAM-04 IAM-05 IAM-06 IAM-07
RPL-01 RPL-02 RPL-03 RPL-04 KMS-01 NET-01 LAY-01 ART-01 API-01 API-02 API-03 API-04
EVT-01 EVT-02 EVT-03 EVT-04 EVT-05 LOG-01 DEP-01 DEP-02 DEP-03 DEP-04 DEP-05 NST-01 STG-01 PRV-01 ACC-01
CFG-01 REF-01 REF-02 REF-03 REF-04 REF-05 REF-06 REF-07 REF-08 REF-09 SHR-01 SHR-02 QTA-01 QTA-02 ORG-01
PRB-01
"""

RULES: tuple[Rule, ...] = tuple(
    import_module(f"{__name__}.{name.lower().replace('-', '_')}").RULE for name in _ORDER.split()
)
