"""The files that `prove` writes and reads: the map, SARIF, and certificates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.cli.files import write_report
from sealift.errors import UserError
from sealift.isolation.certificate import Difference, certificate, check
from sealift.model.app import App
from sealift.usecases.proof.certificates import StoredCertificate, certificate_differences, is_live, stored_certificate
from sealift.usecases.proof.prove import Proof
from sealift.usecases.services import Services


def write_reports(
    proof: Proof,
    *,
    about: str = "",
    map_file: Path | None = None,
    sarif_file: Path | None = None,
    certificate_file: Path | None = None,
) -> None:
    """Write each report that a file was named for; `about` is what the map says it is of.

    Raises UserError when one cannot be written.
    """
    if map_file is not None:
        write_report(map_file, _map(proof, map_file, about))
    if sarif_file is not None:
        from sealift.reports.sarif import sarif

        write_report(sarif_file, _text(sarif(proof.verdict, accepted=proof.accepted, otherwise="sealift.toml")))
    if certificate_file is not None:
        body = certificate(proof.verdict, proof.views, accepted=proof.accepted, today=proof.today)
        write_report(certificate_file, _text(body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A certificate that is to be checked: of a file, or of a bucket."""

    name: str
    body: object
    stored: StoredCertificate | None = None

    @property
    def live(self) -> bool:
        """Return whether accounts were read for it."""
        return is_live(self.body)

    def differences(self, proof: Proof) -> Sequence[Difference]:
        """Return the differences from the certificate."""
        if self.stored is not None:
            return certificate_differences(self.stored, proof)
        return check(self.body, proof.views, today=proof.today)


def given_certificate(app: App, services: Services, text: str) -> Given:
    """Return the certificate in a file, of an environment, or by its hash. Raises UserError when there is none."""
    file = Path(text)
    if app.environment(text) is not None or not file.exists():
        stored = stored_certificate(app, services, text)
        return Given(name=stored.name, body=stored.body, stored=stored)
    try:
        return Given(name=file.name, body=json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"The certificate {file} cannot be read: {error}",
            code="certificate-unreadable",
            hint="Name a file that `sealift prove --certificate FILE` wrote.",
        ) from error


def _map(proof: Proof, file: Path, about: str) -> str:
    from sealift.reports.map import html, svg

    match file.suffix.lower():
        case ".svg":
            return svg(proof.views, proof.verdict, about=about)
        case ".html" | ".htm":
            return html(proof.views, proof.verdict, about=about)
    raise UserError(
        f"A map is written as .svg or .html, not as {file.name}",
        code="map-format",
        hint="Name a file that ends with .svg or .html.",
    )


def _text(body: object) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
