"""The conformance suite as a service: makes its plans, runs their modules, waits for what they say.

Its API is the one that its own pages use. TLS is not verified, since the suite brings a certificate of its own making.
"""

import concurrent.futures
import json
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

NO_VERIFICATION = ssl.create_default_context()
NO_VERIFICATION.check_hostname = False
NO_VERIFICATION.verify_mode = ssl.CERT_NONE

GOOD = ("PASSED", "WARNING", "REVIEW", "SKIPPED")


@dataclass
class Result:
    plan: str
    module: str
    variant: dict
    result: str
    seconds: float
    page: str
    notes: list = field(default_factory=list)

    @property
    def held(self):
        return self.result in GOOD


class Suite:
    def __init__(self, base):
        self.base = base.rstrip("/")

    def call(self, method, path, query=None, body=None):
        address = f"{self.base}/api/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(3):
            request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
            try:
                with urllib.request.urlopen(request, context=NO_VERIFICATION, timeout=120) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as refused:
                text = refused.read().decode(errors="replace")[:600]
                if refused.code < 500 or attempt == 2:
                    raise SuiteError(f"{method} {address}: {refused.code} {text}") from None
            except OSError as away:
                if attempt == 2:
                    raise SuiteError(f"{address}: {away}. Does the suite run there?") from None
            time.sleep(1)

    def version(self):
        about = self.call("GET", "server")
        return " ".join(str(about[key]) for key in ("version", "revision", "build_time") if about.get(key))

    def plan(self, name, variant, configuration):
        return self.call("POST", "plan", {"planName": name, "variant": json.dumps(variant)}, configuration)

    def run(self, plan, entry, rotate, limit):
        """One module to its end."""
        name, variant = entry["testModule"], entry.get("variant") or {}
        began, started = time.monotonic(), False
        test = self.call("POST", "runner", {"test": name, "plan": plan, "variant": json.dumps(variant)})["id"]
        result = Result("", name, variant, "TIMEOUT", 0, f"{self.base}/log-detail.html?log={test}")
        while time.monotonic() - began < limit:
            seen = self.call("GET", f"info/{test}")
            status = seen["status"]
            if status in ("FINISHED", "INTERRUPTED"):
                result.result = (seen.get("result") or "UNKNOWN") if status == "FINISHED" else status
                break
            if status == "CONFIGURED" and not started:
                # The module has seen our keys, and wants others before it goes on.
                if "rotate" in name:
                    rotate()
                self.call("POST", f"runner/{test}")
                started = True
            time.sleep(0.3)
        else:
            result.notes.append(f"still {status} after {limit} s")
        for row in self.call("GET", f"log/{test}"):
            if row.get("result") in ("FAILURE", "WARNING") or (result.result == "INTERRUPTED" and row.get("error")):
                result.notes.append(f"{row.get('result')} {row.get('src')}: {row.get('msg') or row.get('error')}"[:400])
        result.seconds = time.monotonic() - began
        return result

    def certify(self, lines, configuration, *, rotate, jobs, limit, said):
        """All modules of all plans; `said` is given each result as it comes."""
        results = []
        for line in lines:
            name, variant, only = parse(line)
            plan = self.plan(name, variant, configuration)
            entries = [entry for entry in plan["modules"] if not only or entry["testModule"] in only]
            print(f"\n{line}: {len(entries)} modules, {self.base}/plan-detail.html?plan={plan['id']}", flush=True)
            with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                for future in concurrent.futures.as_completed(
                        [pool.submit(self.run, plan["id"], entry, rotate, limit) for entry in entries]):
                    result = future.result()
                    result.plan = name
                    results.append(result)
                    said(result, {key: value for key, value in result.variant.items() if key not in variant})
        return results


class SuiteError(Exception):
    pass


def parse(line):
    """The suite's own notation: NAME[variant=value]…, and optionally `:module,module` to run only these."""
    name = re.match(r"[\w-]+", line)[0]
    variant = dict(pair.split("=", 1) for pair in re.findall(r"\[([^\]]+)\]", line))
    only = re.search(r"(?:^|\])[\w-]*:([\w,-]+)$", line)
    return name, variant, only[1].split(",") if only else None
