# SPDX-License-Identifier: MIT
"""A throw-away certificate authority: ECDSA P-256 and X.509 v3 in plain Python, for tests and nothing else.

The arithmetic is not hardened against anybody who measures it, and the keys live for one run.
"""

import base64
import datetime
import hashlib
import ipaddress
import secrets

# NIST P-256 (FIPS 186-4, D.1.2.3).
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def _add(one, other):
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if one == other:
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) % P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def _multiply(factor, point):
    result = None
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


# ---- DER (ITU-T X.690) ----


def _der(tag, *contents):
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _sequence(*contents):
    return _der(0x30, *contents)


def _integer(value):
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _octets(content):
    return _der(0x04, content)


def _bits(content, unused=0):
    return _der(0x03, bytes((unused,)) + content)


def _oid(dotted):
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytearray((40 * first + second,))
    for part in rest:
        digits = [part & 0x7F]
        while part > 0x7F:
            part >>= 7
            digits.append(0x80 | part & 0x7F)
        encoded += bytes(reversed(digits))
    return _der(0x06, bytes(encoded))


def _time(moment):
    return _der(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _pem(label, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


ECDSA_WITH_SHA256 = _sequence(_oid("1.2.840.10045.4.3.2"))


class Key:
    def __init__(self):
        self.secret = secrets.randbelow(N - 1) + 1
        x, y = _multiply(self.secret, G)
        self.point = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
        self.identifier = hashlib.sha1(self.point).digest()

    def public_info(self):
        return _sequence(_sequence(_oid("1.2.840.10045.2.1"), _oid("1.2.840.10045.3.1.7")), _bits(self.point))

    def sign(self, message):
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        nonce = secrets.randbelow(N - 1) + 1
        r = _multiply(nonce, G)[0] % N
        s = pow(nonce, -1, N) * (digest + r * self.secret) % N
        return _sequence(_integer(r), _integer(s))

    def pem(self):
        """RFC 5915."""
        return _pem(
            "EC PRIVATE KEY",
            _sequence(
                _integer(1),
                _octets(self.secret.to_bytes(32, "big")),
                _der(0xA0, _oid("1.2.840.10045.3.1.7")),
                _der(0xA1, _bits(self.point)),
            ),
        )


UTF8_STRING, PRINTABLE_STRING, T61_STRING, BMP_STRING = 0x0C, 0x13, 0x14, 0x1E


def _name(common_name, string=UTF8_STRING):
    encoded = common_name.encode({BMP_STRING: "utf-16-be", T61_STRING: "latin-1"}.get(string, "utf-8"))
    return _sequence(_der(0x31, _sequence(_oid("2.5.4.3"), _der(string, encoded))))


def _extension(dotted, value, critical=False):
    return _sequence(_oid(dotted), _der(0x01, b"\xff") if critical else b"", _octets(value))


def _alternative_name(host):
    try:
        return _der(0x87, ipaddress.ip_address(host).packed)
    except ValueError:
        return _der(0x82, host.encode())


class Certificate:
    """A certificate with its key. Without an issuer it signs itself.

    `key`: another certificate's, instead of a new one. `string`: the type of string that its subject is written in. `issuer_name`: how the
    issuer's name is written in it, and as which type. `version` 1 has no extensions. `issuer_url`: where it says that its issuer's
    certificate is to be had.
    """

    def __init__(
        self,
        common_name,
        issuer=None,
        authority=False,
        hosts=(),
        days=(-1, 30),
        key=None,
        string=UTF8_STRING,
        issuer_name=None,
        version=3,
        issuer_url=None,
    ):
        self.common_name = common_name
        self.string = string
        self.key = key or Key()
        signer = issuer or self
        now = datetime.datetime.now(datetime.timezone.utc)
        extensions = [
            _extension("2.5.29.19", _sequence(_der(0x01, b"\xff")) if authority else _sequence(), critical=True),
            # keyCertSign and cRLSign, or digitalSignature
            _extension("2.5.29.15", _bits(b"\x06", 1) if authority else _bits(b"\x80", 7), critical=True),
            _extension("2.5.29.14", _octets(self.key.identifier)),
            _extension("2.5.29.35", _sequence(_der(0x80, signer.key.identifier))),
        ]
        if not authority:
            extensions.append(_extension("2.5.29.37", _sequence(_oid("1.3.6.1.5.5.7.3.1"))))
        if issuer_url:
            location = _sequence(_oid("1.3.6.1.5.5.7.48.2"), _der(0x86, issuer_url.encode()))
            extensions.append(_extension("1.3.6.1.5.5.7.1.1", _sequence(location)))
        if hosts:
            extensions.append(_extension("2.5.29.17", _sequence(*map(_alternative_name, hosts))))
        content = _sequence(
            _der(0xA0, _integer(2)) if version == 3 else b"",
            _integer(secrets.randbits(120) | 1 << 119),
            ECDSA_WITH_SHA256,
            _name(*(issuer_name or (signer.common_name, signer.string))),
            _sequence(*(_time(now + datetime.timedelta(days=day)) for day in days)),
            _name(common_name, string),
            self.key.public_info(),
            _der(0xA3, _sequence(*extensions)) if version == 3 else b"",
        )
        self.der = _sequence(content, ECDSA_WITH_SHA256, _bits(signer.key.sign(content)))

    def pem(self):
        return _pem("CERTIFICATE", self.der)

    def trusted_pem(self, purpose, reject=False):
        """OpenSSL's own form, with the purpose (an OID) that it is trusted for, or not."""
        return _pem("TRUSTED CERTIFICATE", self.der + _sequence(_der(0xA0 if reject else 0x30, _oid(purpose))))

    def subject_hash(self):
        """The name of the file in a hashed directory, as `openssl rehash` makes it: SHA-1 over the canonical name."""
        canonical = " ".join(self.common_name.lower().split())
        encoded = _der(0x31, _sequence(_oid("2.5.4.3"), _der(0x0C, canonical.encode())))
        return f"{int.from_bytes(hashlib.sha1(encoded).digest()[:4], 'little'):08x}"
