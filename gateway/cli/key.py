"""`gateway key`: signing keys, certificates, and a certificate authority for demos and small federations."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gateway.cli.output import done, listing
from gateway.cli.session import Config, Json

if TYPE_CHECKING:
    from cryptography import x509

    from gateway.settings import Settings

app = typer.Typer(help="Keys and certificates of this node. 密钥与证书", no_args_is_help=True, rich_markup_mode=None)

Ca = Annotated[
    Path | None,
    typer.Option("--ca", help="Folder of an authority made by `gateway key authority`; none: a request for yours."),
]
Suite = Annotated[str, typer.Option(help="ecdsa-p256-sha256 or rsa-sha256.")]


@app.command("authority")
def authority(
    folder: Annotated[Path, typer.Argument(help="Folder for its key and certificate.")],
    name: Annotated[str, typer.Option(help="Its common name.")] = "sucaitiao demo authority",
) -> None:
    """Make a certificate authority for demos and small federations; its certificate is an anchor of every node."""
    from gateway.signing import authority as authorities

    authorities.save(authorities.new_authority(name, now=_now()), folder)
    done(f"authority made 已建立证书机构; anchor: {folder / 'authority.crt.pem'}")


@app.command("new")
def new(
    subject: Annotated[
        str, typer.Argument(help="Participant id, node:<name> (its sealing key is made too), or registrar.")
    ],
    ca: Ca = None,
    suite: Suite = "ecdsa-p256-sha256",
    config: Config = None,
) -> None:
    """Make a signing key in the node's key folder, with a certificate of `--ca` or a PKCS#10 request for another authority."""
    from gateway.signing import authority as authorities
    from gateway.signing import keyfiles, suites

    folder = _folder(config)
    if ca is not None:
        authorities.equip(authorities.load(ca), folder, subject, now=_now(), suite=suite)
        done(f"key and certificate made 已生成密钥与证书: {keyfiles.stem(subject)} in {folder}")
    else:
        key = suites.new_key(suite)
        keyfiles.write_key(folder, subject, key)
        path = folder / f"{keyfiles.stem(subject)}.csr.pem"
        path.write_bytes(authorities.request(subject, key))
        done(f"key made 已生成密钥; have this request signed 请送签: {path}")
        done(f"then put the certificate beside it 然后放入证书: {keyfiles.stem(subject)}{keyfiles.CERTIFICATE}")
    if subject.startswith("node:") and not (folder / f"{keyfiles.SEALING}{keyfiles.KEY}").exists():
        keyfiles.new_sealing_key(folder)
        done("sealing key made 已生成封装密钥")


@app.command("sign")
def sign(
    request: Annotated[Path, typer.Argument(help="PKCS#10 request, PEM.", exists=True)],
    subject: Annotated[str, typer.Argument(help="Whose key it is; the request's own name is not used.")],
    ca: Annotated[Path, typer.Option("--ca", help="Folder of the authority.")],
    out: Annotated[Path | None, typer.Option(help="File for the certificate; none: standard output.")] = None,
) -> None:
    """Sign a request for a key that was made elsewhere, by openssl for instance."""
    from gateway.signing import authority as authorities

    certificate = authorities.sign_request(
        authorities.load(ca), request.read_bytes(), subject, valid=authorities.window(_now())
    )
    pem = _pem(certificate)
    if out is None:
        typer.echo(pem, nl=False)
        return
    out.write_text(pem, encoding="ascii")
    done(f"certificate written 已签发证书: {out}")


@app.command("rotate")
def rotate(
    subject: Annotated[str, typer.Argument(help="Whose key is replaced.")],
    ca: Annotated[Path, typer.Option("--ca", help="Folder of the authority.")],
    suite: Suite = "ecdsa-p256-sha256",
    config: Config = None,
) -> None:
    """Set the present key aside and make the next; then tell the registry (`gateway participant add`)."""
    from gateway.signing import authority as authorities

    authorities.rotate(authorities.load(ca), _folder(config), subject, now=_now(), suite=suite)
    done(
        f"key rotated 已轮换密钥: {subject}; bind the new certificate next 请在登记册绑定新证书: gateway participant add {subject}"
    )


@app.command("revoke")
def revoke(
    certificate: Annotated[Path, typer.Argument(help="Certificate, PEM.", exists=True)],
    ca: Annotated[Path, typer.Option("--ca", help="Folder of the authority.")],
    crl: Annotated[Path, typer.Option(help="Revocation list, PEM; extended where it exists.")],
) -> None:
    """Put a certificate on the authority's revocation list; every node reads the list from its setting `crls`."""
    from gateway.signing import authority as authorities
    from gateway.signing import keyfiles

    before = crl.read_bytes() if crl.exists() else b""
    listed = authorities.revoke(authorities.load(ca), keyfiles.read_certificate(certificate), at=_now(), crl=before)
    crl.write_bytes(listed)
    done(f"revoked 已吊销; list: {crl}")


@app.command("list")
def list_keys(config: Config = None, as_json: Json = False) -> None:
    """The keys in the node's key folder, with the windows of their certificates; what runs out next stands first."""
    from gateway.signing import keyfiles

    rows = []
    for path in sorted(_folder(config).glob(f"*{keyfiles.CERTIFICATE}")):
        certificate = keyfiles.read_certificate(path)
        rows.append({"subject": keyfiles.subject_of(path), **_described(certificate, path)})
    rows.sort(key=lambda row: row["not_after"])
    listing(rows, as_json=as_json, columns=("subject", "suite", "not_before", "not_after", "key"))


def _described(certificate: x509.Certificate, path: Path) -> dict[str, str]:
    from cryptography.hazmat.primitives import hashes

    from gateway.signing import keyfiles, suites

    key = path.with_name(path.name.removesuffix(keyfiles.CERTIFICATE) + keyfiles.KEY)
    return {
        "suite": suites.suite_of_key(cast("suites.PublicKey", certificate.public_key())).name,
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "key": "here" if key.exists() else "missing",
    }


def _folder(config: Path | None) -> Path:
    from gateway import settings

    loaded: Settings = settings.load(config)
    return loaded.keys_dir


def _now() -> datetime:
    return datetime.now(UTC)


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode("ascii")
