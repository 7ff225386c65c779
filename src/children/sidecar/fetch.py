"""model-init: brings one model artifact onto the volume, whole or not at all.

Inputs come by environment alone. Everything happens in <root>/.work/<key>.<pod uid>; one rename(2) publishes the result as
<root>/artifacts/<key>. There is no lock: a pod that is killed leaves only its own work directory, and the first of several
pods that race wins. Failure is exit status 1 and one line; kubelet's restart is the retry.
"""

import bz2
import contextlib
import errno
import gzip
import hashlib
import http.client
import ipaddress
import lzma
import os
import posixpath
import re
import shutil
import signal
import socket
import ssl
import stat
import string
import sys
import tarfile
import tempfile
import time
import urllib.parse
import zipfile
import zlib
from pathlib import Path

CREDENTIALS = Path("/etc/mlops-credentials")
PIECE = 1 << 20
TIMEOUT_SECONDS = 60
REDIRECTS = 3
MEMBERS = 100_000
NAME_BYTES = 4096
STALE_SECONDS = 6 * 3600
SECRET_LENGTH = 6
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
FORBIDDEN = [
    ipaddress.ip_network(network)
    for network in ("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "240.0.0.0/4", "fd00:ec2::254/128", "fec0::/10")
]
EMBEDS_IPV4 = [
    (ipaddress.ip_network(network), shift) for network, shift in (("64:ff9b::/96", 0), ("::/96", 0), ("2002::/16", 80))
]


class Refused(Exception):
    """A reason that the owner of the model can act on."""


def main():
    owner = os.getpid()
    signal.signal(signal.SIGTERM, lambda *_: terminated(owner))
    secrets = []
    try:
        run(os.environ, secrets)
    except Exception as error:
        print(f"model-init: {reason(error, secrets)}", file=sys.stderr, flush=True)
        return 1
    return 0


def run(env, secrets):
    key, pod = env["MODEL_KEY"], env["POD_UID"]
    if not re.fullmatch(r"[0-9a-f]{64}", key) or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", pod):
        raise Refused("MODEL_KEY or POD_UID is malformed")
    root = Path(env["MODEL_ROOT"])
    target = root / "artifacts" / key
    if is_published(target):
        return
    remove_left_overs(root / ".work", pod)
    work = root / ".work" / f"{key}.{pod}"
    try:
        tree = work / "tree"
        tree.mkdir(parents=True)
        bring(env, work, tree, secrets)
        publish(tree, target)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        shutil.rmtree(work, ignore_errors=True)


def is_published(target):
    """kubelet creates a missing subPath as an empty directory, so existing is not enough."""
    try:
        with os.scandir(target) as entries:
            return next(entries, None) is not None
    except FileNotFoundError:
        return False


def remove_left_overs(directory, pod):
    for left in directory.glob("*"):
        if left.name.endswith(f".{pod}") or time.time() - last_change(left) > STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def last_change(directory):
    """Of anything below: a long download changes its file, not the directory above it."""
    newest = 0
    for path in (directory, *directory.rglob("*")):
        try:
            newest = max(newest, path.lstat().st_mtime)
        except FileNotFoundError:
            pass
    return newest or time.time()


def bring(env, work, tree, secrets):
    uri, limit = env["MODEL_URI"], int(env["MODEL_MAX_BYTES"])
    if uri.startswith("https://"):
        download = work / "download"
        digest = fetch(uri, download, limit, authorization(secrets))
        if env.get("MODEL_SHA256") and digest != env["MODEL_SHA256"]:
            raise Refused(f"sha256 is {digest}")
        unpack(download, tree, limit, file_name(uri))
        settle(tree, limit, links=False)
    else:
        fetch_from_store(uri, tree, secrets)
        settle(tree, limit, links=True)


# Download over https.


def fetch(uri, path, limit, header):
    """Writes the body to a file and returns its SHA-256."""
    url, origin = uri, None
    for _ in range(REDIRECTS + 1):
        parts = https_parts(url)
        origin = origin or (parts.hostname, parts.port or 443)
        if (parts.hostname, parts.port or 443) != origin:
            header = None
        connection = CheckedConnection(parts.hostname, parts.port or 443, timeout=TIMEOUT_SECONDS, context=tls_context())
        try:
            response = ask(connection, parts, header)
            if response.status not in REDIRECT_STATUSES:
                return receive(response, shown(url), path, limit)
            url = urllib.parse.urljoin(url, quoted(response.getheader("Location") or ""))
        finally:
            connection.close()
    raise Refused(f"more than {REDIRECTS} redirects from {shown(uri)}")


def quoted(location):
    return urllib.parse.quote(location, safe=string.punctuation)


def https_parts(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https":
        raise Refused(f"redirect leaves https: {shown(url)}")
    host = parts.hostname or ""
    if "@" in parts.netloc or not re.fullmatch(r"[A-Za-z0-9._-]+", host) or is_address(host):
        raise Refused(f"host of {shown(url)} is not a DNS name")
    return parts


def is_address(host):
    """In any spelling that a resolver takes for an address: decimal, octal, hexadecimal, with fewer than four parts."""
    return re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", host.rstrip(".").rsplit(".", 1)[-1]) is not None


class CheckedConnection(http.client.HTTPSConnection):
    """Resolves once, checks every address, and connects to a checked one: a second look-up could answer differently."""

    def __init__(self, host, port, *, timeout, context):
        super().__init__(host, port, timeout=timeout, context=context)
        self.tls = context

    def connect(self):
        addresses = resolve(self.host, self.port)
        for address in addresses:
            refuse_address(address)
        failure = Refused(f"{self.host} has no address")
        for address in addresses:
            try:
                plain = socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                failure = error
                continue
            # A connection that is cut must not look like the end of the body.
            self.sock = self.tls.wrap_socket(plain, server_hostname=self.host, suppress_ragged_eofs=False)
            return
        raise failure


def tls_context():
    return ssl.create_default_context()


def resolve(host, port):
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(sockaddr[0] for *_, sockaddr in found))


def refuse_address(text):
    """Private ranges are allowed: artifact stores often live there. The node's and the cloud's own services are not."""
    address = ipaddress.ip_address(text)
    if any(is_forbidden(one) for one in (address, *embedded(address))):
        raise Refused(f"address {address} is not allowed")


def is_forbidden(address):
    own = address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local
    return own or any(address in network for network in FORBIDDEN)


def embedded(address):
    if address.version == 4:
        return []
    mapped = [address.ipv4_mapped] if address.ipv4_mapped else []
    inside = [(int(address) >> shift) & 0xFFFFFFFF for network, shift in EMBEDS_IPV4 if address in network]
    return mapped + [ipaddress.IPv4Address(number) for number in inside]


def ask(connection, parts, header):
    path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    headers = {"User-Agent": "modelwright", "Accept": "*/*", "Accept-Encoding": "identity"}
    if header is not None:
        headers["Authorization"] = header
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def receive(response, source, path, limit):
    """A page that says "not found" is never an artifact, and half an artifact is none."""
    if response.status != 200:
        raise Refused(f"HTTP status {response.status} from {source}")
    declared, received, digest = response.length, 0, hashlib.sha256()
    if declared is not None and declared > limit:
        raise Refused("artifact over MODEL_MAX_BYTES")
    with open(path, "xb") as file:
        while piece := next_piece(response):
            received += len(piece)
            if received > limit:
                raise Refused("artifact over MODEL_MAX_BYTES")
            digest.update(piece)
            file.write(piece)
    if declared is not None and received != declared:
        raise Refused("download was cut off")
    return digest.hexdigest()


def next_piece(response):
    try:
        return response.read(PIECE)
    except (ssl.SSLEOFError, http.client.IncompleteRead):
        raise Refused("download was cut off") from None


# Download by KServe's storage library, which unpacks by itself, without digest or limit.


def fetch_from_store(uri, tree, secrets):
    for path in credential_files():
        value = path.read_text().strip()
        if path.name.endswith(".json") or path.name == "GOOGLE_APPLICATION_CREDENTIALS":
            os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
        else:
            secrets.append(value)
            os.environ[path.name] = value
    with confined(tree):
        from kserve_storage import Storage

        Storage.download(uri, str(tree))


@contextlib.contextmanager
def confined(tree):
    """The library joins names of objects and members to a directory: ".." in one would reach other models on a shared volume."""
    inside = tuple(os.path.realpath(path) + os.sep for path in (tree, tempfile.gettempdir(), "/dev"))
    active = [True]

    def check(event, arguments):
        if active and (path := written_path(event, arguments)) is not None:
            if not (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(inside):
                raise PermissionError(errno.EACCES, "outside of the work directory")

    sys.addaudithook(check)
    try:
        yield
    finally:
        active.clear()


def written_path(event, arguments):
    """The path that an audit event of Python is about to write, if it is given by name."""
    if event == "open":
        path, _, flags = arguments
        path = path if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else None
    elif event in ("os.rename", "os.link", "os.symlink"):
        path = arguments[1]
    else:
        path = arguments[0] if event == "os.mkdir" else None
    return path if isinstance(path, (str, bytes)) else None


def authorization(secrets):
    for path in credential_files():
        if path.name == "Authorization":
            value = path.read_text().strip()
            secrets.extend([value, *value.split()[1:]])
            if not value.isascii() or not value.isprintable():
                raise Refused("the credentials' Authorization is not one line of text")
            return value
    return None


def credential_files():
    return sorted(path for path in CREDENTIALS.glob("*") if path.is_file() and not path.name.startswith(".."))


# Unpack.


def unpack(path, tree, limit, name):
    budget = Budget(limit)
    compressed = tar_compression(path, name)
    if compressed is not None:
        unpack_tar(path, compressed, tree, budget)
    elif zipfile.is_zipfile(path) and is_zip_name(name):
        unpack_zip(path, tree, budget)
    else:
        path.rename(tree / name)


def file_name(uri):
    name = urllib.parse.unquote(urllib.parse.urlsplit(uri).path.rsplit("/", 1)[-1]) or "artifact"
    if name in (".", "..") or "/" in name or not name.isprintable() or len(os.fsencode(name)) > 255:
        raise Refused("the URI's last path segment is not a file name")
    return name


def is_zip_name(name):
    """.pt, .keras, .npz and others are zip files that their loaders want whole."""
    extension = re.search(r"\.([A-Za-z]\w*)$", name)
    return extension is None or extension[1].lower() == "zip"


def tar_compression(path, name):
    """"", "gz", "bz2" or "xz"; None for what is no tar archive."""
    for compression in ("gz", "bz2", "xz", ""):
        try:
            with opened_tar(path, compression):
                # Without compression a file that begins with zeros would pass for an empty archive.
                return compression if compression or has_tar_magic(path) or name.endswith(".tar") else None
        except (tarfile.TarError, OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
            continue
    return None


def has_tar_magic(path):
    with open(path, "rb") as file:
        return file.read(262)[257:262] == b"ustar"


class Budget:
    """What an archive may still declare, and what may still be written."""

    def __init__(self, limit):
        self.declared = self.written = limit
        self.members = MEMBERS
        self.names = set()

    def declare(self, name, size):
        """Before anything is extracted. A negative size would give to the budget."""
        if size < 0:
            raise Refused("archive has a member of negative size")
        self.declared -= size
        self.members -= 1
        if self.declared < 0:
            raise Refused("archive expands past the limit")
        if self.members < 0:
            raise Refused(f"archive has more than {MEMBERS} members")
        plain = checked_name(name)
        if plain in self.names:
            raise Refused(f"archive names {plain!r} twice")
        self.names.add(plain)

    def write(self, source, target):
        """Counts again: what an archive declares may be a lie."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            while piece := source.read(PIECE):
                self.written -= len(piece)
                if self.written < 0:
                    raise Refused("archive expands past the limit")
                file.write(piece)


def checked_name(name):
    if len(name.encode(errors="surrogateescape")) > NAME_BYTES:
        raise Refused(f"archive has a name over {NAME_BYTES} bytes")
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in name):
        raise Refused(f"archive name {name!r} has a control character")
    if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name):
        raise Refused(f"archive name {name!r} leaves the directory")
    return posixpath.normpath(name)


class Header:
    """A decompressed archive whose headers cannot fill the memory: tarfile reads an extended header as a whole."""

    def __init__(self, file):
        self.file, self.seek, self.tell = file, file.seek, file.tell

    def read(self, size=-1):
        if not 0 <= size <= PIECE:
            raise Refused("archive has an oversize header")
        return self.file.read(size)


@contextlib.contextmanager
def opened_tar(path, compression):
    opener = {"": open, "gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}[compression]
    with opener(path, "rb") as file, tarfile.open(fileobj=Header(file), mode="r:") as archive:
        yield archive


def unpack_tar(path, compression, tree, budget):
    with opened_tar(path, compression) as archive:
        members = []
        for member in archive:
            if not (member.isreg() or member.isdir()):
                raise Refused(f"archive member {member.name!r} is a link or a device")
            budget.declare(member.name, member.size)
            members.append(tarfile.data_filter(member, str(tree)))
        for member in members:
            if member.isdir():
                (tree / member.name).mkdir(parents=True, exist_ok=True)
            else:
                budget.write(archive.extractfile(member), tree / member.name)


def unpack_zip(path, tree, budget):
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise Refused(f"archive member {member.filename!r} is a link or a device")
            if member.flag_bits & 1:
                raise Refused("archive is encrypted")
            budget.declare(member.orig_filename, member.file_size)
        for member in archive.infolist():
            if member.is_dir():
                (tree / member.filename).mkdir(parents=True, exist_ok=True)
            else:
                with archive.open(member) as source:
                    budget.write(source, tree / member.filename)


# Publish.


def settle(tree, limit, links):
    """What is published is readable by everyone, on disk, within the limit, and has nothing but files."""
    size = files = 0
    for path in (tree, *tree.rglob("*")):
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            refuse_link(path, tree, links)
            continue
        if not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
            raise Refused(f"artifact has a device: {path.name!r}")
        if stat.S_ISREG(found.st_mode):
            size, files = size + found.st_size, files + 1
        if size > limit:
            raise Refused("artifact over MODEL_MAX_BYTES")
        path.chmod(0o755 if stat.S_ISDIR(found.st_mode) else 0o644)
        sync(path)
    if files == 0:
        raise Refused("artifact has no file")


def refuse_link(path, tree, allowed):
    """A relative link inside survives the rename; any other would point elsewhere."""
    inside = os.path.realpath(path).startswith(os.path.realpath(tree) + os.sep)
    if not allowed or os.path.isabs(os.readlink(path)) or not inside:
        raise Refused(f"artifact has a link: {path.name!r}")


def sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(tree, target):
    target.parent.mkdir(mode=0o755, exist_ok=True)
    try:
        os.rename(tree, target)
    except OSError as error:
        # Another pod was first; an empty target would have been replaced.
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or not is_published(target):
            raise
        return
    sync(target.parent)


# What is said on failure.


def terminated(owner):
    """A storage library ends its workers by this signal; they inherit the handler."""
    if os.getpid() != owner:
        os._exit(1)
    raise Refused("terminated")


def shown(url):
    """Without user info and query, which may be secrets."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rsplit("@", 1)[-1], parts.path, "", ""))


def reason(error, secrets):
    text = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    for secret in (secret for secret in secrets if len(secret) >= SECRET_LENGTH):
        text = text.replace(secret, "***")
    text = re.sub(r"(\w+://)[^/@\s]*@", r"\1", text)
    text = re.sub(r"(/[^?\s]*)\?[^\s'\"]*", r"\1", text)
    return " ".join(text.split())[:500]


if __name__ == "__main__":
    sys.exit(main())
