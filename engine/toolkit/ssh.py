"""SSH sessions over a socket that the guard connected, with a server whose key is known. No agent, no files."""

import base64
import binascii
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.egress import Egress, unreachable
from engine.toolkit.watchdog import ended_after

CONNECT_SECONDS = 10
OPEN_SECONDS = 60
READ_SECONDS = 30
KEEPALIVE_SECONDS = 30

# Ciphers that authenticate as they encrypt come first: they need no second pass over the data.
CIPHERS = (
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr",
)  # fmt: skip
RSA = "ssh-rsa"
RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")

KEYS: dict[type, tuple[type[paramiko.PKey], serialization.PrivateFormat]] = {
    ed25519.Ed25519PrivateKey: (paramiko.Ed25519Key, serialization.PrivateFormat.OpenSSH),
    ec.EllipticCurvePrivateKey: (paramiko.ECDSAKey, serialization.PrivateFormat.TraditionalOpenSSL),
    rsa.RSAPrivateKey: (paramiko.RSAKey, serialization.PrivateFormat.TraditionalOpenSSL),
}


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in: with a private key in PEM or OpenSSH's format, a password, or both where the server asks both."""

    user: str
    password: str = ""
    private_key: str = ""
    passphrase: str = ""


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The keys by which a server may be known: SHA256 fingerprints, and the kinds of key where they are told."""

    fingerprints: frozenset[str]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "HostKeys":
        """From lines as in `known_hosts` or a public key's file, or fingerprints "SHA256:…".

        Raises ConfigError `invalid_setting`.
        """
        fingerprints, kinds = set(), []
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                fingerprint, kind = _known(line)
                fingerprints.add(fingerprint)
                kinds += [kind] if kind else []
        return cls(frozenset(fingerprints), tuple(dict.fromkeys(kinds)))


def fingerprint(key: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def open_session(egress: Egress, host: str, port: int, host_keys: HostKeys, login: Login) -> paramiko.Transport:
    """A session that is signed in.

    Raises ConfigError `unknown_host_key`, which shows the key that the server presented, `host_key_changed`,
    `wrong_protocol`; CredentialsError; TransientError.
    """
    private_key = _private_key(login) if login.private_key else None
    socket = egress.connect(host, port, CONNECT_SECONDS)
    transport = paramiko.Transport(socket)
    try:
        with ended_after(OPEN_SECONDS, transport.close), _connecting(host, port):
            _negotiate(transport, host_keys)
            _judge(transport.get_remote_server_key(), host_keys)
            _sign_in(transport, login, private_key)
    except BaseException:
        transport.close()
        raise
    transport.set_keepalive(KEEPALIVE_SECONDS)
    return transport


def _known(line: str) -> tuple[str, str]:
    for word in line.split():
        if word.startswith("SHA256:"):
            return word.rstrip("="), ""
        if kind := _kind(word):
            return fingerprint(base64.b64decode(word)), kind
    raise ConfigError("The host key is neither a line of known_hosts nor a SHA256 fingerprint.", code="invalid_setting")


def _kind(word: str) -> str:
    """The kind of a key from its base64 text, which begins with it; "" where it is no key."""
    try:
        blob = base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        return ""
    length = int.from_bytes(blob[:4], "big")
    kind = blob[4 : 4 + length]
    return kind.decode() if 0 < length <= 64 and len(blob) > 4 + length and kind.isascii() else ""


def _private_key(login: Login) -> paramiko.PKey:
    """In the one format of its kind that the client reads without fault."""
    content, password = login.private_key.encode(), login.passphrase.encode() or None
    load = serialization.load_ssh_private_key if b"OPENSSH" in content else serialization.load_pem_private_key
    try:
        key = load(content, password)
    except TypeError as error:
        if password is not None:  # one is given for a key that has none
            return _private_key(replace(login, passphrase=""))
        raise CredentialsError("The private key needs its passphrase.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialsError("The private key cannot be read: not a key, or not with this passphrase.") from error
    for kind, (client_kind, format_) in KEYS.items():
        if isinstance(key, kind):
            plain = key.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption())
            return client_kind.from_private_key(io.StringIO(plain.decode()))
    raise CredentialsError("The private key is of a kind that is not supported.")


def _negotiate(transport: paramiko.Transport, host_keys: HostKeys) -> None:
    options = transport.get_security_options()
    options.ciphers = [*CIPHERS, *(cipher for cipher in options.ciphers if cipher not in CIPHERS)]
    known = [name for kind in host_keys.kinds for name in (RSA_SIGNATURES if kind == RSA else (kind,))]
    # The key that we know must be the one that the server presents, where it has several.
    options.key_types = [
        *(name for name in known if name in options.key_types),
        *(name for name in options.key_types if name not in known),
    ]
    transport.banner_timeout = transport.handshake_timeout = CONNECT_SECONDS
    transport.auth_timeout = transport.channel_timeout = READ_SECONDS
    transport.start_client(timeout=READ_SECONDS)


def _judge(key: paramiko.PKey, host_keys: HostKeys) -> None:
    presented = fingerprint(key.asbytes())
    if presented in host_keys.fingerprints:
        return
    shown = f"{key.get_name()} {presented}"
    if not host_keys.fingerprints:
        text = f"The server's key is not known yet. It presented {shown}: compare it, and enter it as the host key."
        raise ConfigError(text, code="unknown_host_key")
    text = f"The server presented another key than the known one: {shown}. Somebody may be in between."
    raise ConfigError(text, code="host_key_changed")


def _sign_in(transport: paramiko.Transport, login: Login, private_key: paramiko.PKey | None) -> None:
    wanted = ["publickey", "password"]
    if private_key is not None:
        wanted = transport.auth_publickey(login.user, private_key)
    if wanted and (login.password or private_key is None):
        wanted = transport.auth_password(login.user, login.password)
    if wanted or not transport.is_authenticated():
        raise CredentialsError("The server asks for more than a password and a private key.")


@contextmanager
def _connecting(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except paramiko.AuthenticationException as error:
        raise CredentialsError("The server refused the user, the password or the private key.") from error
    except paramiko.ssh_exception.IncompatiblePeer as error:
        text = f"{host}:{port} knows no algorithm that is still safe to use."
        raise ConfigError(text, code="no_common_algorithm") from error
    except (paramiko.SSHException, EOFError, OSError, ValueError) as error:
        raise _refused(error, host, port) from error


def _refused(error: Exception, host: str, port: int) -> EngineError:
    if "Indecipherable" in str(error):
        return ConfigError(f"{host}:{port} does not speak SSH's protocol.", code="wrong_protocol")
    return unreachable(host, port)


@contextmanager
def translated() -> Iterator[None]:
    """What a session that is open may meet, as TransientErrors; what a server says of a file stays an OSError."""
    try:
        yield
    except TimeoutError as error:
        raise TransientError("The server did not answer in time.", code="timed_out") from error
    except paramiko.SFTPError as error:
        raise ConfigError("The server does not speak SFTP as it should.", code="wrong_protocol") from error
    except (paramiko.SSHException, EOFError, ConnectionError) as error:
        raise _lost() from error
    except OSError as error:
        if error.errno is None:  # a channel that was closed
            raise _lost() from error
        raise


def _lost() -> TransientError:
    return TransientError("The connection to the server was lost.", code="connection_lost")
