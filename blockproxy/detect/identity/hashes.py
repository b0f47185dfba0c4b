"""Hashes that senders make of an address before they put it into a URL. One row is one hash.

The list is that of "I never signed up for this!" (PETS 2018, section 4.1) and "Leaky Forms" (USENIX Security 2022,
section 4), with the two Keccaks that JavaScript's CryptoJS calls SHA-3. What `hashlib` lacks or has only with some
builds of OpenSSL comes from pycryptodome, MurmurHash3 from mmh3.
"""

import hashlib
import zlib
from collections.abc import Callable

import mmh3
from Crypto.Hash import MD2, MD4, RIPEMD160, SHA512, keccak

from blockproxy.detect.identity import whirlpool

Hash = Callable[[bytes], bytes]

_LEAKY_FORMS_SALT = b"QX4QkKEU"  # appended to the address by a script that "Leaky Forms" came across

HASHES: dict[str, Hash] = {
    "MD2": lambda text: MD2.new(text).digest(),  # noqa: S303 - looked for, not relied on
    "MD4": lambda text: MD4.new(text).digest(),  # noqa: S303
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False).digest(),
    "SHA-1": lambda text: hashlib.sha1(text, usedforsecurity=False).digest(),
    "SHA-224": lambda text: hashlib.sha224(text).digest(),
    "SHA-256": lambda text: hashlib.sha256(text).digest(),
    "salted SHA-256": lambda text: hashlib.sha256(text + _LEAKY_FORMS_SALT).digest(),
    "SHA-384": lambda text: hashlib.sha384(text).digest(),
    "SHA-512": lambda text: hashlib.sha512(text).digest(),
    "SHA-512/224": lambda text: SHA512.new(text, truncate="224").digest(),
    "SHA-512/256": lambda text: SHA512.new(text, truncate="256").digest(),
    "SHA3-224": lambda text: hashlib.sha3_224(text).digest(),
    "SHA3-256": lambda text: hashlib.sha3_256(text).digest(),
    "SHA3-384": lambda text: hashlib.sha3_384(text).digest(),
    "SHA3-512": lambda text: hashlib.sha3_512(text).digest(),
    "Keccak-256": lambda text: keccak.new(data=text, digest_bits=256).digest(),
    "Keccak-512": lambda text: keccak.new(data=text, digest_bits=512).digest(),
    "BLAKE2s": lambda text: hashlib.blake2s(text).digest(),
    "BLAKE2b": lambda text: hashlib.blake2b(text).digest(),
    "BLAKE2b-256": lambda text: hashlib.blake2b(text, digest_size=32).digest(),
    "RIPEMD-160": lambda text: RIPEMD160.new(text).digest(),
    "MurmurHash3-128": mmh3.hash_bytes,
    "MurmurHash3-64": lambda text: mmh3.hash64(text, signed=False)[0].to_bytes(8, "big"),
    "Whirlpool": whirlpool.digest,
}

# So short that among a million tokens some are alike: "Leaky Forms" left them out. Here a parameter's name has to say
# that the value is about a person.
CHECKSUMS: dict[str, Hash] = {
    "CRC-32": lambda text: zlib.crc32(text).to_bytes(4, "big"),
    "Adler-32": lambda text: zlib.adler32(text).to_bytes(4, "big"),
    "MurmurHash3-32": lambda text: mmh3.hash(text, signed=False).to_bytes(4, "big"),
}

# Costs a hundred times as much as the others: computed once a URL has a token as long as its digest.
SLOW = "Whirlpool"
