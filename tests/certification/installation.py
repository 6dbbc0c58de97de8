"""A Visage to be certified: its settings, people, clients and keys, one or two servers, and TLS in front of them.

Everything lives in one folder that goes at the end. nginx takes the servers of two nodes in turns, so that no two requests of a
module meet the same one by habit. It can also speak TLS for a suite that runs plain on this machine.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from base64 import b64decode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import urlsplit

from pages import ALIAS

PERSON = {"email": "foo@example.test", "name": "Foo Bar", "password": "correct horse battery staple"}
CLAIMS = {  # every standard claim, since the suite asks for each
    "given_name": "Foo", "family_name": "Bar", "middle_name": "M", "nickname": "foo", "preferred_username": "foo",
    "profile": "https://example.test/foo", "website": "https://example.test", "gender": "female", "birthdate": "1990-01-01",
    "zoneinfo": "Europe/Paris", "locale": "en", "email_verified": True,
    "phone_number": "+33123456789", "phone_number_verified": True,
    "address": {"formatted": "1 rue de la Paix\n75002 Paris\nFrance", "street_address": "1 rue de la Paix",
                "locality": "Paris", "region": "Île-de-France", "postal_code": "75002", "country": "FR"},
}
COMMON = """
[server]
public_url = "{issuer}"
trusted_proxies = ["127.0.0.0/8"]

[oauth]
# The suite's OpenID Connect plans send no PKCE.
pkce = "public"
{oauth}

[outbound]
# The suite's jwks_uri, request_uri, sector_identifier_uri, logos and logout addresses are on this machine.
ca_file = "{ca}"
allow_networks = ["127.0.0.0/8"]

[logs]
format = "text"
"""
OAUTH = {
    "openid-connect": """registration = "open"
registrations_per_hour = 100000
unsigned_request_objects = true
response_types = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]""",
    "fapi2": "",
    "static": "",
}


class Installation:
    def __init__(self, binary, plans, issuer, suite, *, database=None, nodes=1, suite_port=None, suite_ca=None):
        self.binary, self.plans, self.issuer, self.suite = binary, plans, issuer, suite
        self.folder = Path(tempfile.mkdtemp(prefix="visage-certification-"))
        self.ports = [free_port() for _ in range(nodes)]
        self.running = []
        authority = certificates(self.folder, {urlsplit(issuer).hostname, urlsplit(suite).hostname})
        if suite_ca:
            authority.write_text(authority.read_text() + Path(suite_ca).read_text())
        (self.folder / "visage.toml").write_text(COMMON.format(issuer=issuer, oauth=OAUTH[plans], ca=authority))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("VISAGE_")}
        if database:
            self.environment["VISAGE_DATABASE__URL"] = database
        self.front(suite_port)

    def visage(self, *words, text=""):
        done = subprocess.run([self.binary, *words], env=self.environment, cwd=self.folder, input=text,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"visage {' '.join(words)}: {done.stderr}")
        return done.stdout

    def file(self, name, value):
        path = self.folder / name
        path.write_text(json.dumps(value))
        return path

    # --- Who is there ---------------------------------------------------------------------------------------------

    def fill(self):
        """The person, and the clients that register nowhere; returns what the pages' configuration needs of these."""
        self.visage("migrate")
        claims = self.file("claims.json", CLAIMS)
        self.visage("user", "add", "--email", PERSON["email"], "--name", PERSON["name"], "--claims", str(claims),
                    text=PERSON["password"] + "\n")
        callback = f"{self.suite}/test/a/{ALIAS}/callback"
        queried = f"{callback}?dummy1=lorem&dummy2=ipsum"
        if self.plans == "static":
            ways = {"one": ([callback], "client_secret_basic"), "two": ([queried], "client_secret_basic"),
                    "post": ([callback], "client_secret_post")}
            return {name: self.add_client(name, {
                "redirect_uris": uris, "token_endpoint_auth_method": method,
                "post_logout_redirect_uris": [f"{self.suite}/test/a/{ALIAS}/post_logout_redirect"]})
                for name, (uris, method) in ways.items()}
        if self.plans == "fapi2":
            keys = {name: rsa_key(self.folder, f"fapi2-{name}") for name in ("one", "two")}
            for name, key in keys.items():
                public = {member: key[member] for member in ("kty", "n", "e", "kid", "alg", "use")}
                self.add_client(name, {
                    "redirect_uris": [callback, queried], "token_endpoint_auth_method": "private_key_jwt",
                    "jwks": {"keys": [public]}, "id_token_signed_response_alg": "PS256", "dpop_bound_access_tokens": True,
                }, "--id", f"fapi2-{name}", "--profile", "fapi2")
            return keys
        return None

    def add_client(self, name, registration, *options):
        registration = {"client_name": f"{name} client", "response_types": ["code"],
                        "grant_types": ["authorization_code", "refresh_token"], **registration}
        return json.loads(self.visage("client", "add", "--metadata", str(self.file(f"{name}.json", registration)), "--json", *options))

    # --- What runs ------------------------------------------------------------------------------------------------

    def start(self):
        for port in self.ports:
            with open(self.folder / f"serve-{port}.log", "wb") as log:
                self.running.append(subprocess.Popen(
                    [self.binary, "serve"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=self.environment | {"VISAGE_SERVER__LISTEN": f"127.0.0.1:{port}"}))
            for _ in range(400):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
                    break
                except OSError:
                    if self.running[-1].poll() is not None:
                        raise SystemExit((self.folder / f"serve-{port}.log").read_text()[-3000:]) from None
                    time.sleep(0.05)

    def rotate(self):
        # The suite's module knows RSA and EC keys; the others rotate on schedule.
        self.visage("keys", "rotate", "--alg", "RS256", "--alg", "PS256", "--alg", "ES256")

    def front(self, suite_port):
        """nginx: the issuer's address to the nodes in turns, and the suite's to the suite if it speaks no TLS itself."""
        tls, upstream = self.folder / "tls", "".join(f"server 127.0.0.1:{port}; " for port in self.ports)
        servers = site(self.issuer, "visage", "off")
        upstreams = f"upstream visage {{ {upstream} keepalive 16; }}\n"
        if suite_port:
            upstreams += f"upstream suite {{ server 127.0.0.1:{suite_port}; }}\n"
            mutual = urlsplit(self.suite)._replace(netloc=f"{urlsplit(self.suite).hostname}:{(urlsplit(self.suite).port or 443) + 1}")
            servers += site(self.suite, "suite", "off") + site(mutual.geturl(), "suite", "optional_no_ca")
        own = {name: self.folder / f"nginx-{name}" for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi")}
        temporary = " ".join(f"{'client_body' if name == 'body' else name}_temp_path {path};" for name, path in own.items())
        (self.folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
access_log off; {temporary}
ssl_certificate {tls}/server.crt; ssl_certificate_key {tls}/server.key; ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE+AESGCM;
client_header_buffer_size 64k; large_client_header_buffers 8 64k; client_max_body_size 20m;
proxy_read_timeout 120s; proxy_buffer_size 64k; proxy_buffers 8 64k;
{upstreams}{servers}
}}
""")
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if not program:
            raise SystemExit("nginx is missing: it speaks TLS in front of Visage, and gives two nodes their turns")
        front = subprocess.Popen([program, "-c", self.folder / "nginx.conf"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        if front.poll() is not None:
            raise SystemExit(f"nginx: {front.stderr.read()}")
        self.running.append(front)

    def stop(self, keep=False):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            process.wait(30)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def site(address, upstream, client_certificates):
    host, port = urlsplit(address).hostname, urlsplit(address).port or 443
    return f"""
server {{
  listen 127.0.0.1:{port} ssl; server_name {host}; ssl_verify_client {client_certificates};
  location / {{
    proxy_pass http://{upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host:{port};
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Host $host:{port}; proxy_set_header X-Forwarded-Port {port};
    proxy_set_header X-Ssl-Cipher $ssl_cipher; proxy_set_header X-Ssl-Protocol $ssl_protocol; proxy_set_header X-Ssl-Cert $ssl_client_escaped_cert;
  }}
}}"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def certificates(folder, names):
    """An authority and a certificate for these names; returns the authority's file."""
    tls = folder / "tls"
    tls.mkdir()

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=tls, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7", "-subj", "/CN=Visage certification",
            "-keyout", "ca.key", "-out", "ca.crt")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=op.test", "-keyout", "server.key", "-out", "server.csr")
    (tls / "extensions").write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in sorted(names)) + "\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "7",
            "-extfile", "extensions", "-out", "server.crt")
    return tls / "ca.crt"


def rsa_key(folder, kid):
    """A new private JWK for PS256, made by openssl; none is kept anywhere."""
    pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], cwd=folder, check=True, capture_output=True, text=True).stdout
    der = b64decode("".join(line for line in pem.splitlines() if "-----" not in line))

    def element(at):
        """The content of the DER element at this offset, and where the next one begins (X.690 8.1.3)."""
        length, at = der[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at:at + count]), at + count
        return at, at + length

    at, _ = element(0)
    integers = []
    while at < len(der):  # RSAPrivateKey (RFC 8017 A.1.2): version, n, e, d, p, q, dp, dq, qi
        begin, at = element(at)
        integers.append(der[begin:at].lstrip(b"\0"))
    members = zip(("n", "e", "d", "p", "q", "dp", "dq", "qi"), integers[1:], strict=True)
    encoded = {name: urlsafe_b64encode(value).rstrip(b"=").decode() for name, value in members}
    return {"kty": "RSA", "kid": f"{kid}-{secrets.token_hex(4)}", "alg": "PS256", "use": "sig", **encoded}
