"""What the modern family of OAuth costs: a whole FAPI-like sign-in, `private_key_jwt`, devices that poll, many clients.

Part of tests/load, which brings what both need. The figures are CPU of the server, as there.
"""

import http.client
import json
import secrets
import subprocess
import tempfile
import time
import urllib.parse
from base64 import urlsafe_b64encode
from hashlib import sha256

FLOWS = 200
DEVICES = 1000
CLIENTS = 10_000
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# What this part needs of an installation.
SETTINGS = {"VISAGE_OAUTH__REGISTRATION": "open", "VISAGE_OAUTH__REGISTRATIONS_PER_HOUR": "1000000"}


class Signer:
    """A client's key in a process of its own: Python signs no ES256."""

    def __init__(self, yardstick):
        self.process = subprocess.Popen([yardstick, "sign"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.jwks = json.loads(self.process.stdout.readline())

    def sign(self, claims):
        self.process.stdin.write(json.dumps(claims) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def assertion(self, client, audience):
        now = int(time.time())
        return self.sign({"iss": client, "sub": client, "aud": audience, "jti": secrets.token_hex(12), "iat": now, "exp": now + 280})

    def proof(self, method, url, token=None):
        claims = {"htm": method, "htu": url, "jti": secrets.token_hex(12), "iat": int(time.time())}
        return self.sign(claims | ({"ath": b64(sha256(token.encode()).digest())} if token else {}))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


def b64(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Connection:
    """One that is kept, as an application's server keeps it."""

    def __init__(self, port):
        self.inner = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method, path, form=None, headers=None, body=None):
        headers = dict(headers or {})
        if form is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        self.inner.request(method, path, body, headers)
        answer = self.inner.getresponse()
        text = answer.read()
        return answer.status, answer.headers, text

    def json(self, method, path, wanted, **more):
        status, _, text = self.ask(method, path, **more)
        if status != wanted:
            raise SystemExit(f"{method} {path}: {status} {text[:400]}")
        return json.loads(text)


def add(installation, name, registration, *options):
    file = installation.folder / f"{name}.json"
    file.write_text(json.dumps({"client_name": name} | registration))
    return json.loads(installation.command("client", "add", "--id", name, "--metadata", str(file), "--json", *options))


def flow(table, where, load, installation, server, signer):
    """PAR, code and DPoP, by a client with `private_key_jwt`, for somebody who is signed in already and is not asked."""
    client, origin = "fapi", installation.origin
    add(installation, client, {"redirect_uris": [load.CALLBACK], "response_types": ["code"], "jwks": signer.jwks,
                               "grant_types": ["authorization_code"], "token_endpoint_auth_method": "private_key_jwt",
                               "require_pushed_authorization_requests": True, "dpop_bound_access_tokens": True}, "--trusted", "true")
    cookies = load.session(installation, "p0@example.test")
    connection = Connection(server.port)

    def once():
        verifier = secrets.token_urlsafe(40)
        who = lambda: {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signer.assertion(client, origin)}
        ask = {"client_id": client, "response_type": "code", "redirect_uri": load.CALLBACK, "scope": "openid profile", "state": "s",
               "code_challenge": b64(sha256(verifier.encode()).digest()), "code_challenge_method": "S256"}
        pushed = connection.json("POST", "/oauth2/par", 201, form=ask | who())
        path = "/oauth2/authorize?" + urllib.parse.urlencode({"client_id": client, "request_uri": pushed["request_uri"]})
        while not path.startswith(load.CALLBACK):
            status, headers, text = connection.ask("GET", path, headers={"Cookie": cookies})
            if "Location" not in headers:
                raise SystemExit(f"{path}: {status} {text[:600]}")
            path = headers["Location"].removeprefix(origin)
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)["code"][0]
        proof = signer.proof("POST", f"{origin}/oauth2/token")
        tokens = connection.json("POST", "/oauth2/token", 200, headers={"DPoP": proof}, form=who() | {
            "grant_type": "authorization_code", "code": code, "redirect_uri": load.CALLBACK, "code_verifier": verifier})
        token = tokens["access_token"]
        proof = signer.proof("GET", f"{origin}/api/auth/userinfo", token)
        connection.json("GET", "/api/auth/userinfo", 200, headers={"Authorization": f"DPoP {token}", "DPoP": proof})

    for _ in range(10):
        once()
    before, began = load.cpu_seconds(server.pid), time.perf_counter()
    for _ in range(FLOWS):
        once()
    cost, took = (load.cpu_seconds(server.pid) - before) / FLOWS * 1e3, (time.perf_counter() - began) / FLOWS * 1e3
    table.line(where, "PAR, code, token and userinfo by DPoP", f"{cost:7.2f} CPU ms, {took:.1f} ms one after the other")


LISTED = """
local bodies = {{}}
for line in io.lines({file}) do bodies[#bodies + 1] = line end
local at = 0
local headers = {{ ["Content-Type"] = "application/x-www-form-urlencoded"{more} }}
function request()
  at = at + 1
  if {once} and at > #bodies then wrk.thread:stop() end
  return wrk.format("POST", {path}, headers, bodies[(at - 1) % #bodies + 1])
end
"""


def listed(load, server, path, bodies, seconds, once, more=""):
    """wrk with a body of its own for each request; CPU microseconds, requests a second, how many were no 2xx."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file, tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        file.write("\n".join(bodies) + "\n")
        file.flush()
        script.write(LISTED.format(file=json.dumps(file.name), path=json.dumps(path), once=str(once).lower(), more=more))
        script.flush()
        before = load.cpu_seconds(server.pid)
        out = subprocess.run(["wrk", "-t1", f"-c{load.CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script.name,
                              f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, check=True).stdout
        used = load.cpu_seconds(server.pid) - before
    count, took = load.re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
    bad = load.re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return used / int(count) * 1e6, int(count) / float(took), int(bad[1]) if bad else 0, load.percentile(out)


def assertions(table, where, load, installation, server, signer, seconds):
    client = "machine"
    add(installation, client, {"redirect_uris": [], "response_types": [], "jwks": signer.jwks,
                               "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt"})
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    # Each is good once; more than a second can use.
    bodies = [urllib.parse.urlencode(form | {"client_assertion": signer.assertion(client, installation.origin)}) for _ in range(20_000 * seconds)]
    cpu, rate, bad, p99 = listed(load, server, "/oauth2/token", bodies, seconds, once=True)
    if bad:
        raise SystemExit(f"client_credentials by private_key_jwt: {bad} answers were errors")
    table.line(where, "client-credentials token, private_key_jwt", f"{cpu:7.1f} µs  {rate:8.0f}/s  p99 {p99:6.2f} ms")


def devices(table, where, load, installation, server, seconds):
    """Many devices that nobody has approved yet, all impatient: each poll is one row read and perhaps written."""
    client = "television"
    add(installation, client, {"redirect_uris": [], "response_types": [], "grant_types": [DEVICE_GRANT], "token_endpoint_auth_method": "none"})
    connection = Connection(server.port)
    before = load.cpu_seconds(server.pid)
    codes = []
    for _ in range(DEVICES):
        asked = connection.json("POST", "/oauth2/device_authorization", 200, form={"client_id": client, "scope": "openid"})
        codes.append(asked["device_code"])
    each = (load.cpu_seconds(server.pid) - before) / DEVICES * 1e6
    table.line(where, "device authorization request", f"{each:7.1f} µs")
    bodies = [urllib.parse.urlencode({"grant_type": DEVICE_GRANT, "device_code": code, "client_id": client}) for code in codes]
    cpu, rate, bad, p99 = listed(load, server, "/oauth2/token", bodies, seconds, once=False)
    if not bad:
        raise SystemExit("polling: a token for a device that nobody approved")
    table.line(where, f"{DEVICES} devices polling without patience", f"{cpu:7.1f} µs  {rate:8.0f}/s  p99 {p99:6.2f} ms")


def clients(table, where, load, installation, server, token, base, seconds):
    """Registers so many that no memory holds them all for nothing, then measures the hot path again."""
    connection = Connection(server.port)
    body = json.dumps({"client_name": "One of many", "redirect_uris": [load.CALLBACK]})
    before, began = load.cpu_seconds(server.pid), time.perf_counter()
    for _ in range(CLIENTS):
        connection.json("POST", "/oauth2/register", 201, body=body, headers={"Content-Type": "application/json"})
    cost, took = (load.cpu_seconds(server.pid) - before) / CLIENTS * 1e6, time.perf_counter() - began
    table.line(where, "registration", f"{cost:7.1f} µs  {CLIENTS / took:8.0f}/s one after the other")
    load.requests(table, f"{where} 10k", installation, server, token, base, seconds)
    server.stop()
    again = installation.start()
    time.sleep(3)
    table.line(where, f"{CLIENTS} clients: cold start, memory at rest",
               f"{again.cold_start * 1e3:7.1f} ms, {load.memory_mb(again.pid, 'VmRSS'):.1f} MB, {load.memory_mb(again.pid, 'RssAnon'):.1f} of it not text")
    return again


def measure(table, where, load, installation, server, token, base, seconds):
    """Returns the server that runs then."""
    signer = Signer(load.YARDSTICK)
    try:
        flow(table, where, load, installation, server, signer)
        assertions(table, where, load, installation, server, signer, min(seconds, 3))
        devices(table, where, load, installation, server, seconds)
        return clients(table, where, load, installation, server, token, base, seconds)
    finally:
        signer.stop()
