"""Public vectors of signxml's source distribution, fetched once into .cache/, and a judge that knows no profile.

The judge follows XML-DSig's core validation (W3C xmldsig-core §3.2) with the gateway's own canonical form, digest and suites, plus
the two transforms that need no code of ours (inclusive C14N of libxml2, base64). What needs anything else it does not judge.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import tarfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from lxml import etree

from gateway.signing import suites
from gateway.xml.algorithms import ECDSA_SHA256, RSA_SHA256, SHA256
from gateway.xml.canonical import canonical
from gateway.xml.names import ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, INCLUSIVE_NAMESPACES

DS = "{http://www.w3.org/2000/09/xmldsig#}"
INCLUSIVE_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
BASE64 = "http://www.w3.org/2000/09/xmldsig#base64"
CACHE = Path(__file__).parent.parent.parent / ".cache" / "vectors"
#: Children of a key value that give an elliptic curve point.
DSIG11 = "{http://www.w3.org/2009/xmldsig11#}"


class Lacking(Exception):
    """The vector needs an algorithm, a key or a document that the core does not have."""


@cache
def folder() -> Path:
    """The `test` folder of the source distribution of the installed signxml, fetched with pip where it is not cached."""
    release = f"signxml-{version('signxml')}"
    root = CACHE / release
    if not root.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        arguments = [
            "download",
            "--quiet",
            "--no-binary",
            "signxml",
            "--no-deps",
            "--no-build-isolation",
            "--dest",
            str(CACHE),
        ]
        subprocess.run([sys.executable, "-m", "pip", *arguments, f"signxml=={version('signxml')}"], check=True)
        with tarfile.open(CACHE / f"{release}.tar.gz") as archive:
            archive.extractall(CACHE / "unpacking", filter="data")
        (CACHE / "unpacking" / release).rename(root)
    return root / "test"


def files() -> list[str]:
    """Every XML file of the distribution's tests, by its path within them."""
    return sorted(str(path.relative_to(folder())) for path in folder().rglob("*.xml"))


def judge(data: bytes, *, given: object | None = None) -> bool:
    """Whether every reference and the value of the document's first signature hold; `given` is a key from elsewhere. Raises `Lacking`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Lacking(str(error)) from error
    signature = next(root.iter(f"{DS}Signature"), None)
    info = None if signature is None else signature.find(f"{DS}SignedInfo")
    if signature is None or info is None:
        raise Lacking("no signature")
    method = _algorithm(info, "SignatureMethod")
    if method not in (ECDSA_SHA256, RSA_SHA256):
        raise Lacking(method)
    octets = _octets(info, info.find(f"{DS}CanonicalizationMethod"))
    references = [_reference_holds(reference, signature, root) for reference in info.findall(f"{DS}Reference")]
    value = base64.b64decode(signature.findtext(f"{DS}SignatureValue") or "")
    return all(references) and suites.holds(_key(signature, method, given), value, octets)


def _reference_holds(reference: etree._Element, signature: etree._Element, root: etree._Element) -> bool:
    if _algorithm(reference, "DigestMethod") != SHA256:
        raise Lacking("digest")
    octets = _dereferenced(reference, signature, root)
    return suites.digest(octets) == base64.b64decode(reference.findtext(f"{DS}DigestValue") or "")


def _dereferenced(reference: etree._Element, signature: etree._Element, root: etree._Element) -> bytes:
    """The octets of one same-document reference after its transforms."""
    uri = reference.get("URI")
    # A copy with the whole tree's namespaces: the enveloped-signature transform must not change the document itself.
    position = list(root.iter()).index(signature)
    tree = etree.fromstring(etree.tostring(root.getroottree()), etree.XMLParser(resolve_entities=False))
    copied = list(tree.iter())[position]
    if uri == "":
        node = tree
    elif uri is not None and uri.startswith("#"):
        found = [e for e in tree.iter() if uri[1:] in (e.get("Id"), e.get("ID"), e.get("id"))]
        if len(found) != 1:
            raise Lacking(uri)
        node = found[0]
    else:
        raise Lacking(str(uri))
    octets: bytes | None = None
    for transform in reference.iter(f"{DS}Transform"):
        algorithm = transform.get("Algorithm")
        if algorithm == ENVELOPED_SIGNATURE:
            _remove(copied)
        elif algorithm == BASE64:
            octets = base64.b64decode("".join(node.itertext()))
        else:
            octets = _octets(node, transform)
    return etree.tostring(node, method="c14n", with_comments=False) if octets is None else octets


def _remove(element: etree._Element) -> None:
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        raise Lacking("an enveloped signature without an envelope")
    if before is None:
        parent.text = (parent.text or "") + (element.tail or "")
    else:
        before.tail = (before.tail or "") + (element.tail or "")
    parent.remove(element)


def _octets(node: etree._Element, method: etree._Element | None) -> bytes:
    algorithm = "" if method is None else method.get("Algorithm", "")
    if method is not None and method.find(INCLUSIVE_NAMESPACES) is not None:
        raise Lacking("InclusiveNamespaces")
    if algorithm == EXCLUSIVE_C14N:
        return canonical(node)
    if algorithm == INCLUSIVE_C14N:
        return etree.tostring(node, method="c14n", with_comments=False)
    raise Lacking(algorithm)


def _algorithm(parent: etree._Element, name: str) -> str:
    found = parent.find(f"{DS}{name}")
    return "" if found is None else found.get("Algorithm", "")


def _key(signature: etree._Element, method: str, given: object | None) -> suites.PublicKey:
    """The key given, that of the signature's first certificate, or its key value; it must be of the method's kind."""
    text = signature.findtext(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate")
    try:
        if given is not None:
            key = given
        elif text is not None:
            key = x509.load_der_x509_certificate(base64.b64decode(text)).public_key()
        else:
            key = _key_value(signature)
    except ValueError as error:
        raise Lacking(str(error)) from error
    if method == RSA_SHA256 and isinstance(key, rsa.RSAPublicKey):
        return key
    if method == ECDSA_SHA256 and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise Lacking("a key of another kind")


def _key_value(signature: etree._Element) -> object:
    info = signature.find(f"{DS}KeyInfo")
    if info is None:
        raise Lacking("no key")
    if (der := info.findtext(f"{DSIG11}DEREncodedKeyValue")) is not None:
        return load_der_public_key(base64.b64decode(der))
    if (point := info.findtext(f"{DS}KeyValue/{DSIG11}ECKeyValue/{DSIG11}PublicKey")) is not None:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(point))
    modulus, exponent = (info.findtext(f"{DS}KeyValue/{DS}RSAKeyValue/{DS}{name}") for name in ("Modulus", "Exponent"))
    if modulus is None or exponent is None:
        raise Lacking("no key")
    numbers = [int.from_bytes(base64.b64decode(text), "big") for text in (exponent, modulus)]
    return rsa.RSAPublicNumbers(*numbers).public_key()
