"""Algorithm identifiers of XML-DSig (RFC 9231) and GM/T: those of our suites, and the ones that are refused by name."""

from __future__ import annotations

from gateway.xml.refusals import signature_refused

_DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ECDSA_SHA256 = f"{_DSIG_MORE}ecdsa-sha256"
RSA_SHA256 = f"{_DSIG_MORE}rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
#: 国密 SM2 with SM3, GM/T 0006 object identifiers.
SM2_SM3 = "urn:oid:1.2.156.10197.1.501"
SM3 = "urn:oid:1.2.156.10197.1.401"
SIGNATURES = frozenset({ECDSA_SHA256, RSA_SHA256, SM2_SM3})
DIGESTS = frozenset({SHA256, SM3})


def check_signature_algorithm(uri: str) -> None:
    """Raises `SignatureRefused`: SIG-016 HMAC, SIG-017 DSA, SIG-015 SHA-1, SIG-018 any other that no suite has."""
    if uri in SIGNATURES:
        return
    name = uri.rpartition("#")[2].lower()
    if name.startswith("hmac"):
        raise signature_refused("SIG-016", "不接受 HMAC 签名", "HMAC is not accepted as a signature")
    if name.startswith("dsa"):
        raise signature_refused("SIG-017", "不接受 DSA 签名", "DSA is not accepted")
    if name.endswith("sha1"):
        raise signature_refused("SIG-015", "不接受 SHA-1", "SHA-1 is not accepted")
    raise signature_refused("SIG-018", "签名算法不在签名档之内", "the signature algorithm is none of the profile's")


def check_digest_algorithm(uri: str) -> None:
    """Raises `SignatureRefused`: SIG-015 SHA-1, SIG-018 any other that no suite has."""
    if uri in DIGESTS:
        return
    if uri.rpartition("#")[2].lower() == "sha1":
        raise signature_refused("SIG-015", "不接受 SHA-1", "SHA-1 is not accepted")
    raise signature_refused("SIG-018", "摘要算法不在签名档之内", "the digest algorithm is none of the profile's")
