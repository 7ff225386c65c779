"""The download program against the contract of its thirteen rules. Usage: test_fetch.py <rendered fetch.py>"""

import contextlib
import gzip
import hashlib
import importlib.util
import io
import os
import shutil
import signal
import ssl
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM = Path(sys.argv.pop(1)).resolve()
DRIVER = Path(__file__).with_name("driver.py")
KEY = "ab" * 32
HOST = "models.example.test"


def setUpModule():
    global HOME, CERTIFICATE, SERVER
    HOME = Path(tempfile.mkdtemp(prefix="modelwright-fetch-"))
    CERTIFICATE = HOME / "certificate.pem"
    names = ",".join(f"DNS:{name}.example.test" for name in ("models", "other", "metadata"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-keyout", HOME / "key.pem", "-out", CERTIFICATE, "-subj", "/CN=models.example.test"]
        + ["-addext", f"subjectAltName={names}"],
        check=True,
        capture_output=True,
    )
    SERVER = Server()


def tearDownModule():
    SERVER.shutdown()
    shutil.rmtree(HOME)


class Server(ThreadingHTTPServer):
    """Answers by path: bytes, a status, a redirect, or half of what it declares."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, HOME / "key.pem")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.answers, self.seen, self.half_sent = {}, [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that refuse or die are what is tested."""

    def url(self, path, host=HOST):
        return f"https://{host}:{self.server_port}{path}"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.headers["Host"].split(":")[0], self.path, self.headers["Authorization"]))
        answer = self.server.answers.get(self.path.split("?")[0], 404)
        if isinstance(answer, bytes):
            self.whole(answer)
        elif isinstance(answer, str):
            self.send_response(302)
            self.send_header("Location", answer)
            self.end_headers()
        elif isinstance(answer, int):
            self.send_response(answer)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"not found")
        else:
            answer(self)

    def whole(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def half_and_wait(answer):
    answer.send_response(200)
    answer.send_header("Content-Length", "4000000")
    answer.end_headers()
    answer.wfile.write(b"x" * 2_000_000)
    answer.wfile.flush()
    answer.server.half_sent.set()
    time.sleep(20)


def half_and_close(answer):
    answer.send_response(200)
    answer.send_header("Content-Length", "4000")
    answer.end_headers()
    answer.wfile.write(b"x" * 2000)


def half_and_say_goodbye(answer):
    half_and_close(answer)
    answer.wfile.flush()
    with contextlib.suppress(OSError):
        answer.connection.unwrap()


def endless(answer):
    answer.send_response(200)
    answer.end_headers()
    with contextlib.suppress(OSError):
        while True:
            answer.wfile.write(b"x" * 65536)


def tar(*members, mode="w:gz"):
    """Members are (name, bytes) or TarInfo."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size, info.mode = len(member[1]), 0o700
                archive.addfile(info, io.BytesIO(member[1]))
    return file.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return file.getvalue()


class Case(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(dir=HOME))
        self.credentials = Path(tempfile.mkdtemp(dir=HOME))
        self.target = self.root / "artifacts" / KEY
        SERVER.answers.clear()
        SERVER.seen.clear()
        SERVER.half_sent.clear()

    def environment(self, uri, pod="pod-1", limit=1 << 20, sha256=""):
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(HOME / "modules"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.credentials),
            "MODEL_URI": uri,
            "MODEL_SHA256": sha256,
            "MODEL_KEY": KEY,
            "MODEL_ROOT": str(self.root),
            "MODEL_MAX_BYTES": str(limit),
            "POD_UID": pod,
            "TEST_PROGRAM": str(PROGRAM),
            "TEST_CERTIFICATE": str(CERTIFICATE),
            "TEST_CREDENTIALS": str(self.credentials),
        }

    def start(self, uri, program=DRIVER, **inputs):
        pipe = subprocess.PIPE
        environment = self.environment(uri, **inputs)
        return subprocess.Popen([sys.executable, program], env=environment, stdout=pipe, stderr=pipe, text=True)

    def finish(self, process):
        _, errors = process.communicate(timeout=60)
        return process.returncode, errors

    def run_program(self, uri, **inputs):
        return self.finish(self.start(uri, **inputs))

    def serve(self, body, path="/v1.tar.gz"):
        SERVER.answers[path] = body
        return SERVER.url(path)

    def published(self, uri, **inputs):
        self.assertEqual(self.run_program(uri, **inputs), (0, ""))
        self.nothing_left()
        files = (path for path in self.target.rglob("*") if path.is_file())
        return {str(path.relative_to(self.target)): path.read_bytes() for path in files}

    def refused(self, text, uri, **inputs):
        status, errors = self.run_program(uri, **inputs)
        self.assertRegex(errors, r"\Amodel-init: [^\n]+\n\Z")
        self.assertIn(text, errors)
        self.assertEqual(status, 1)
        self.nothing_left()
        self.assertFalse(self.target.exists())
        return errors

    def nothing_left(self):
        self.assertEqual(list((self.root / ".work").glob("*")), [])


class Kinds(Case):
    def test_tar_of_every_compression(self):
        for mode in ("w:", "w:gz", "w:bz2", "w:xz"):
            shutil.rmtree(self.target, ignore_errors=True)
            uri = self.serve(tar(("./a/b", b"1"), ("c", b"2"), mode=mode), "/model")
            self.assertEqual(self.published(uri), {"a/b": b"1", "c": b"2"}, mode)

    def test_modes(self):
        self.published(self.serve(tar(special("d", tarfile.DIRTYPE), ("d/f", b"1"))))
        modes = [stat.S_IMODE((self.target / name).stat().st_mode) for name in (".", "d", "d/f")]
        self.assertEqual(modes, [0o755, 0o755, 0o644])

    def test_zip(self):
        body = zipped(("a/", b""), ("a/b", b"1"))
        self.assertEqual(self.published(self.serve(body, "/v1.zip")), {"a/b": b"1"})

    def test_zip_that_is_a_model_file_stays_whole(self):
        body = zipped(("data.pkl", b"1"))
        self.assertEqual(self.published(self.serve(body, "/model.pt")), {"model.pt": body})

    def test_plain_file_has_the_uris_name(self):
        for body in (b"weights", b"\0" * 10240, gzip.compress(b"weights"), b""):
            shutil.rmtree(self.target, ignore_errors=True)
            self.assertEqual(self.published(self.serve(body, "/a/my%20model.bin") + "?x=/y"), {"my model.bin": body})

    def test_plain_file_without_a_name(self):
        self.assertEqual(self.published(self.serve(b"1", "/a/")), {"artifact": b"1"})
        self.refused_name("/a/..%2fb")
        self.refused_name("/a/%2e%2e")

    def refused_name(self, path):
        shutil.rmtree(self.target)
        self.refused("not a file name", self.serve(b"1", path))
        self.target.mkdir(parents=True)


class Transport(Case):
    def test_status(self):
        for status in (404, 500, 204):
            errors = self.refused(f"HTTP status {status}", self.serve(status) + "?sig=SECRET")
            self.assertNotIn("SECRET", errors)

    def test_redirects(self):
        self.serve(tar(("a", b"1")), "/3")
        for step in range(3):
            self.serve(SERVER.url(f"/{step + 1}"), f"/{step}")
        self.assertEqual(self.published(SERVER.url("/0")), {"a": b"1"})

    def test_too_many_redirects(self):
        self.refused("more than 3 redirects", self.serve("/v1.tar.gz"))

    def test_redirect_to_http(self):
        self.refused("redirect leaves https: http://models.example.test/x\n", self.serve("http://u:p@models.example.test/x?s=S"))

    def test_redirect_to_an_address(self):
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "[::1]", "169.254.169.254"):
            self.refused("is not a DNS name", self.serve(f"https://{host}/x"))

    def test_redirect_with_user_info(self):
        errors = self.refused("is not a DNS name", self.serve(f"https://user:password@{HOST}/x"))
        self.assertNotIn("password", errors)

    def test_redirect_to_a_forbidden_address(self):
        self.refused("address 169.254.169.254 is not allowed", self.serve(SERVER.url("/x", "metadata.example.test")))
        self.assertEqual(len(SERVER.seen), 1)

    def test_certificate_of_another_name(self):
        self.refused("CERTIFICATE_VERIFY_FAILED", SERVER.url("/v1.tar.gz", "unknown.example.test"))

    def test_credentials_stay_with_their_host(self):
        (self.credentials / "Authorization").write_text("Bearer TOKEN-VALUE\n")
        self.serve(SERVER.url("/2", "other.example.test"), "/1")
        self.serve(SERVER.url("/3"), "/2")
        self.serve(b"1", "/3")
        self.published(SERVER.url("/1"))
        sent = [(host, authorization) for host, _, authorization in SERVER.seen]
        self.assertEqual(sent, [(HOST, "Bearer TOKEN-VALUE"), ("other.example.test", None), (HOST, None)])

    def test_credentials_are_never_printed(self):
        (self.credentials / "Authorization").write_text("Bearer TOKEN\r\nX-Other: VALUE")
        errors = self.refused("not one line", SERVER.url("/1"))
        self.assertNotIn("TOKEN", errors)

    def test_oversize(self):
        self.refused("artifact over MODEL_MAX_BYTES", self.serve(b"x" * 101), limit=100)
        self.refused("artifact over MODEL_MAX_BYTES", self.serve(endless), limit=100)

    def test_cut_off(self):
        self.refused("download was cut off", self.serve(half_and_close))
        self.refused("download was cut off", self.serve(half_and_say_goodbye))

    def test_digest(self):
        body = tar(("a", b"1"))
        digest = hashlib.sha256(body).hexdigest()
        self.refused(f"sha256 is {digest}", self.serve(body), sha256="0" * 64)
        self.assertEqual(self.published(self.serve(body), sha256=digest), {"a": b"1"})


class Archives(Case):
    def test_expands_past_the_limit(self):
        for body, path in ((tar(("a", b"0" * 2_000_000)), "/a.tar.gz"), (zipped(("a", b"0" * 2_000_000)), "/a.zip")):
            self.refused("archive expands past the limit", self.serve(body, path))

    def test_declares_less_than_it_has(self):
        body = zipped(("a", b"0" * 1000)).replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        self.refused("", self.serve(body, "/a.zip"))

    def test_too_many_members(self):
        members = [(str(number), b"") for number in range(41)]
        for body, path in ((tar(*members), "/a.tar.gz"), (zipped(*members), "/a.zip")):
            self.refused("more than 40 members", self.serve(body, path))

    def test_oversize_header(self):
        info = tarfile.TarInfo("a")
        info.pax_headers = {"comment": "x" * 3_000_000}
        self.refused("oversize header", self.serve(tar(info)), limit=1 << 26)

    def test_negative_size(self):
        info = tarfile.TarInfo("a")
        info.size = -512
        body = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        self.refused("negative size", self.serve(body))

    def test_names(self):
        long = "/".join(["a" * 200] * 21)
        for text, name in (
            ("leaves the directory", "../a"),
            ("leaves the directory", "a/../../b"),
            ("leaves the directory", "a/.."),
            ("leaves the directory", "/a"),
            ("control character", "a\nb"),
            ("control character", "a\x7fb"),
            ("over 4096 bytes", long),
        ):
            self.refused(text, self.serve(tar(("ok", b"1"), (name, b"1")), "/a.tar.gz"))
            self.refused(text, self.serve(zipped(("ok", b"1"), (name, b"1")), "/a.zip"))
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), [".work"])

    def test_links_and_devices(self):
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            self.refused("is a link or a device", self.serve(tar(("ok", b"1"), special("a", kind, "ok"))))

    def test_link_in_a_zip(self):
        info = zipfile.ZipInfo("a")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        self.refused("is a link or a device", self.serve(zipped((info, "ok")), "/a.zip"))

    def test_twice(self):
        self.refused("twice", self.serve(tar(("a", b"1"), ("./a", b"2"))))
        with self.assertWarns(UserWarning):
            body = zipped(("a", b"1"), ("a", b"2"))
        self.refused("twice", self.serve(body, "/a.zip"))

    def test_a_file_and_a_directory(self):
        self.refused("a", self.serve(tar(("a", b"1"), ("a/b", b"2"))))

    def test_without_a_file(self):
        for body, path in ((tar(), "/a.tar.gz"), (tar(mode="w:"), "/a.tar"), (zipped(), "/a.zip")):
            self.refused("no file", self.serve(body, path))
        self.refused("no file", self.serve(tar(special("d", tarfile.DIRTYPE))))

    def test_cut_archive(self):
        self.refused("", self.serve(tar(("a", os.urandom(100_000)))[:-30_000]))


class Publishing(Case):
    def test_published_needs_no_network(self):
        self.target.mkdir(parents=True)
        (self.target / "a").write_bytes(b"1")
        self.assertEqual(self.published(self.serve(tar(("b", b"2")))), {"a": b"1"})
        self.assertEqual(SERVER.seen, [])

    def test_empty_target_is_replaced(self):
        self.target.mkdir(parents=True)
        self.assertEqual(self.published(self.serve(tar(("b", b"2")))), {"b": b"2"})

    def test_killed_half_way(self):
        process = self.start(self.serve(half_and_wait), limit=1 << 23)
        self.assertTrue(SERVER.half_sent.wait(20))
        process.send_signal(signal.SIGKILL)
        self.finish(process)
        self.assertFalse(self.target.exists())
        self.assertEqual([path.name for path in (self.root / ".work").iterdir()], [f"{KEY}.pod-1"])
        uri = self.serve(tar(("b", b"2")))
        self.assertEqual(self.run_program(uri, pod="pod-2"), (0, ""))
        shutil.rmtree(self.target)
        self.assertEqual(self.published(uri), {"b": b"2"})
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), [".work", "artifacts"])

    def test_terminated(self):
        process = self.start(self.serve(half_and_wait), limit=1 << 23)
        self.assertTrue(SERVER.half_sent.wait(20))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process), (1, "model-init: terminated\n"))
        self.nothing_left()

    def test_left_overs_of_others(self):
        old, new = (self.root / ".work" / f"{KEY}.{pod}" for pod in ("old", "new"))
        for left in (old, new):
            (left / "tree").mkdir(parents=True)
        for path in (old / "tree", old):
            os.utime(path, (time.time() - 7 * 3600,) * 2)
        os.utime(new, (time.time() - 7 * 3600,) * 2)
        self.assertEqual(self.run_program(self.serve(b"1")), (0, ""))
        self.assertEqual(list((self.root / ".work").iterdir()), [new], "what still changes below is in use")

    def test_eight_at_once(self):
        body = tar(("a", os.urandom(300_000)), ("b", b"2"))
        uri = self.serve(body)
        processes = [self.start(uri, pod=f"pod-{number}") for number in range(8)]
        self.assertEqual([self.finish(process) for process in processes], [(0, "")] * 8)
        self.assertEqual([path.name for path in self.target.parent.iterdir()], [KEY])
        self.assertEqual(sorted(path.name for path in self.target.iterdir()), ["a", "b"])
        self.nothing_left()


class Stores(Case):
    """s3, gs and hf, with a stand-in for KServe's library."""

    def setUp(self):
        super().setUp()
        (HOME / "modules").mkdir(exist_ok=True)

    def library(self, *lines):
        head = ["import os", "class Storage:", "    @staticmethod", "    def download(uri, out_dir):"]
        text = "\n".join(head + [f"        {line}" for line in lines])
        (HOME / "modules" / "kserve_storage.py").write_text(text)

    def test_download_with_credentials(self):
        (self.credentials / "AWS_SECRET_ACCESS_KEY").write_text("VALUE-OF-KEY\n")
        (self.credentials / "key.json").write_text("{}")
        self.library(
            "names = ('AWS_SECRET_ACCESS_KEY', 'GOOGLE_APPLICATION_CREDENTIALS')",
            "open(out_dir + '/a', 'w').write(' '.join([uri] + [os.environ[name] for name in names]))",
        )
        expected = f"s3://bucket/m VALUE-OF-KEY {self.credentials}/key.json"
        self.assertEqual(self.published("s3://bucket/m"), {"a": expected.encode()})

    def test_failure_hides_credentials(self):
        (self.credentials / "HF_TOKEN").write_text("VALUE-OF-TOKEN")
        self.library("raise RuntimeError('no\\n' + os.environ['HF_TOKEN'] + ' https://u:p@h/x?sig=SIGNED')")
        errors = self.refused("RuntimeError: no *** https://h/x", "hf://owner/model")
        self.assertNotIn("SIGNED", errors)

    def test_walk(self):
        for text, line in (
            ("artifact over MODEL_MAX_BYTES", "open(out_dir + '/a', 'wb').write(b'x' * 2_000_000)"),
            ("artifact has a link", "os.symlink('/etc/passwd', out_dir + '/a')"),
            ("artifact has a link", "os.symlink('../../..', out_dir + '/a')"),
            ("artifact has a device", "os.mkfifo(out_dir + '/a')"),
            ("artifact has no file", "pass"),
        ):
            self.library(line)
            self.refused(text, "gs://bucket/m")

    def test_names_that_leave_the_directory(self):
        other = self.root / "artifacts" / "other"
        other.mkdir(parents=True)
        for line in (
            "open(out_dir + '/../../../artifacts/other/a', 'w').write('1')",
            "os.makedirs(out_dir + '/../../../artifacts/other/a')",
            "open(out_dir + '/a', 'w').close(); os.rename(out_dir + '/a', out_dir + '/../../../artifacts/other/a')",
            "os.symlink(out_dir + '/../../../artifacts/other', out_dir + '/l'); open(out_dir + '/l/a', 'w')",
        ):
            self.library(line)
            self.refused("outside of the work directory", "s3://bucket/m")
        self.assertEqual(list(other.iterdir()), [])

    def test_workers(self):
        self.library(
            "import multiprocessing, tempfile",
            "with multiprocessing.Pool(2) as pool:",
            "    pool.map(os.mkdir, [out_dir + '/d', out_dir + '/e'])",
            "tempfile.TemporaryFile().write(b'1')",
            "open(out_dir + '/d/a', 'w').write('1')",
        )
        self.assertEqual(self.published("s3://bucket/m"), {"d/a": b"1"})

    def test_link_inside(self):
        self.library("open(out_dir + '/a', 'w').write('1')", "os.symlink('a', out_dir + '/b')")
        self.assertEqual(self.published("hf://owner/model"), {"a": b"1", "b": b"1"})


def module():
    spec = importlib.util.spec_from_file_location("fetch", PROGRAM)
    fetch = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(fetch)
    return fetch


class Unmodified(Case):
    """Without the driver: the program exactly as it is rendered."""

    def start(self, uri, **inputs):
        return super().start(uri, program=PROGRAM, **inputs)

    def test_this_machine(self):
        self.refused("address", f"https://localhost:{SERVER.server_port}/v1.tar.gz")
        self.assertEqual(SERVER.seen, [])

    def test_addresses_as_hosts(self):
        for host in ("127.0.0.1", "10.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "1.2.3.4.", "a_b@c"):
            self.refused("is not a DNS name", f"https://{host}/x")

    def test_members(self):
        self.assertEqual(module().MEMBERS, 100_000)

    def test_addresses(self):
        fetch = module()
        forbidden = """127.0.0.1 127.9.9.9 0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 100.64.0.1 100.100.100.200 224.0.0.1
            255.255.255.255 240.0.0.1 ::1 :: fe80::1 fe80::1%1 ff02::1 fd00:ec2::254 ::ffff:127.0.0.1 ::ffff:169.254.169.254
            ::ffff:100.64.0.1 ::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 2002:7f00:1:: 2002:a9fe:a9fe::1 fec0::1"""
        for address in forbidden.split():
            with self.assertRaises(fetch.Refused, msg=address):
                fetch.refuse_address(address)
        allowed = "10.0.0.1 192.168.1.1 172.16.0.1 93.184.216.34 fd00::1 2001:4860::1 ::ffff:10.0.0.1 64:ff9b::808:808"
        for address in allowed.split():
            fetch.refuse_address(address)

    def test_malformed_inputs(self):
        environment = self.environment("https://a.example/x", pod="../x")
        result = subprocess.run([sys.executable, PROGRAM], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (1, "model-init: MODEL_KEY or POD_UID is malformed\n"))


if __name__ == "__main__":
    unittest.main()
