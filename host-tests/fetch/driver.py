"""Runs the download program against a server on this machine: it trusts the test's certificate, takes every name for this
machine, lets 127.0.0.1 pass its address check, and allows few members. Everything else is the program as it is rendered."""

import importlib.util
import os
import ssl
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("fetch", os.environ["TEST_PROGRAM"])
fetch = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fetch)

refuse_address = fetch.refuse_address
ELSEWHERE = {"metadata.example.test": ["127.0.0.1", "169.254.169.254"]}

fetch.CREDENTIALS = Path(os.environ["TEST_CREDENTIALS"])
fetch.tls_context = lambda: ssl.create_default_context(cafile=os.environ["TEST_CERTIFICATE"])
fetch.resolve = lambda host, port: ELSEWHERE.get(host, ["127.0.0.1"])
fetch.refuse_address = lambda address: None if address == "127.0.0.1" else refuse_address(address)
fetch.MEMBERS = 40

sys.exit(fetch.main())
