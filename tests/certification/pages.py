"""How the suite's scripted browser walks our pages: the part of its configuration that is about us.

It is HtmlUnit, for which JavaScript is as good as absent. What it finds are the forms and names of CONTRACT.md section 9:
`body[data-page]`, `form#login`, `a#cancel`, `form#consent`, `form#logout`. Where a module wants a person to look at a page, the
page is uploaded as the picture, and the module ends as REVIEW: look at it before you count it.
"""

ALIAS = "visage"  # of tests whose clients were registered beforehand: it is a part of their redirect URIs


class Pages:
    def __init__(self, issuer, person):
        self.issuer, self.person = issuer, person
        self.authorize, self.logout = f"{issuer}/oauth2/authorize*", f"{issuer}/oauth2/logout*"

    # --- Tasks of the browser ---------------------------------------------------------------------------------

    def sign_in(self, picture=False):
        fields = [["text", "name", "username", self.person["email"], "optional"],
                  ["text", "name", "password", self.person["password"], "optional"],
                  ["click", "css", "form#login button[type=submit]"]]
        return {"task": "Sign in", "optional": True, "match": f"{self.issuer}/login*",
                "commands": ([look_at("login", optional=True)] if picture else []) + fields}

    def consent(self):
        return {"task": "Consent", "optional": True, "match": f"{self.issuer}/consent*",
                "commands": [["click", "css", "form#consent button[value=allow]"]]}

    def walk(self, picture=False):
        return {"match": self.authorize, "tasks": [self.sign_in(picture), self.consent(), BACK]}

    def stop_at(self, page, match, what):
        return {"match": self.authorize, "tasks": [{"task": what, "match": match, "commands": [look_at(page)]}]}

    def error(self):
        return self.stop_at("error", self.authorize, "An error page of our own, no way back")

    def names_the_client(self):
        return self.stop_at("login", f"{self.issuer}/login*", "The sign-in page names the client")

    def confirm(self):
        return {"task": "Yes, sign out", "optional": True, "match": self.logout,
                "commands": [["click", "css", "form#logout button[value=yes]", "optional"]]}

    def sign_out(self, *tasks):
        return [self.walk(), {"match": self.logout, "tasks": list(tasks)}]

    # --- Whole configurations -----------------------------------------------------------------------------------

    def openid_connect(self, clients=None):
        """`clients`: those that were added beforehand, by the suite's names; none where they register themselves."""
        refused = {"task": "Asked or refused, never sent back", "match": self.logout, "commands": [
            ["wait", "css", "body[data-page='error'],body[data-page='logout']", 10, "(?s).*", "update-image-placeholder"]]}
        signed_out = {"task": "Signed out", "match": f"{self.issuer}/*", "commands": [look_at("signed-out")]}
        back = {"task": "Back after signing out", "match": "*/test/*/post*"}
        # The suite's own page, in which our check_session_iframe is; without an entry it waits for a person to open it.
        asked = {"task": "The frame has answered", "commands": [["wait", "contains", "session_result", 10]]}
        asks = {"match": "*session_verify", "tasks": [asked]}
        by_module = (
            ([self.walk(picture=True)], ("oidcc-prompt-login", "oidcc-max-age-1")),
            ([self.error()], (
                "oidcc-ensure-registered-redirect-uri", "oidcc-ensure-redirect-uri-in-authorization-request",
                "oidcc-redirect-uri-query-added", "oidcc-redirect-uri-query-mismatch",
                # Refused only where unsigned request objects are not taken: in the installation of the plan `static`.
                *(["oidcc-ensure-request-object-with-redirect-uri"] if clients else []))),
            ([self.names_the_client()], (
                "oidcc-registration-logo-uri", "oidcc-registration-policy-uri", "oidcc-registration-tos-uri")),
            (self.sign_out(refused), tuple("oidcc-rp-initiated-logout-" + name for name in (
                "bad-post-logout-redirect-uri", "query-added-to-post-logout-redirect-uri", "modified-id-token-hint",
                "bad-id-token-hint", "no-id-token-hint"))),
            (self.sign_out(self.confirm(), signed_out), tuple("oidcc-rp-initiated-logout-" + name for name in (
                "no-params", "no-post-logout-redirect-uri", "only-state"))),
        )
        configuration = {
            "description": "Visage",
            "server": {"discoveryUrl": f"{self.issuer}/.well-known/openid-configuration"},
            "client": {"client_name": "first client"}, "client2": {"client_name": "second client"},
            "browser": [self.walk(), {"match": self.logout, "tasks": [self.confirm(), back]}, asks],
            "override": {module: {"browser": browser} for browser, modules in by_module for module in modules},
        }
        if clients:
            known = {name: {key: client[key] for key in ("client_id", "client_secret")} for name, client in clients.items()}
            configuration |= {"alias": ALIAS, "client": known["one"], "client2": known["two"], "client_secret_post": known["post"]}
        return configuration

    def fapi2(self, keys):
        """`keys`: the private keys of the clients `fapi2-one` and `fapi2-two`."""
        prefix = "fapi2-security-profile-final-"
        client = lambda name: {"client_id": f"fapi2-{name}", "client_name": name,
                               "scope": "openid profile email offline_access", "jwks": {"keys": [keys[name]]}}
        look = {"match": self.authorize, "match-limit": 1, "tasks": [
            {"task": "See the sign-in page and leave it", "match": f"{self.issuer}/login*", "commands": []}]}
        cancel = {"match": self.authorize, "tasks": [
            {"task": "Say no", "match": f"{self.issuer}/login*", "commands": [["click", "id", "cancel"]]}, BACK]}
        return {
            "alias": ALIAS, "description": "Visage, FAPI 2.0",
            "server": {"discoveryUrl": f"{self.issuer}/.well-known/openid-configuration"},
            "client": client("one"), "client2": client("two"),
            "resource": {"resourceUrl": f"{self.issuer}/api/auth/userinfo"},
            "browser": [self.walk()],
            "override": {
                **{prefix + module: {"browser": [self.error()]} for module in (
                    "ensure-redirect-uri-in-authorization-request", "ensure-registered-redirect-uri",
                    "ensure-request-object-without-redirect-uri-fails")},
                prefix + "user-rejects-authentication": {"browser": [cancel]},
                prefix + "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": {"browser": [look, self.walk()]},
            },
        }


BACK = {"task": "Back at the client", "match": "*/test/*/callback*", "commands": [["wait", "id", "submission_complete", 10]]}


def look_at(page, optional=False):
    """Waits for our page of this name and hands it over as the picture that a person would upload."""
    return ["wait", "css", f"body[data-page='{page}']", 10, "(?s).*", "update-image-placeholder" + ("-optional" if optional else "")]
