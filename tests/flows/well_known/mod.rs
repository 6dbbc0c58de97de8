//! `/.well-known/…`: the documents tell the truth (S90, S91, S95).

use serde_json::Value;
use tests::{Answer, App, Browser, House, app::parameter, on_both};
use url::Url;
use visage::commands::client_details::Details;

async fn metadata(house: &House) -> Value {
    let openid = Answer::of(house.http.get(house.url("/.well-known/openid-configuration"))).await.expect(200);
    let oauth =
        Answer::of(house.http.get(house.url("/.well-known/oauth-authorization-server"))).await.expect(200);
    assert_eq!(openid.body["token_endpoint"], oauth.body["token_endpoint"]);
    assert_eq!(openid.headers["access-control-allow-origin"], "*");
    openid.body
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The error of the redirect that an authorization request without a session leads to.
async fn error_of(house: &House, app: &App, extra: &[(&str, &str)]) -> Option<String> {
    let mut browser = Browser::new(house.http.clone());
    let page = browser.get(&app.begin("openid", extra).url).await.unwrap();
    let page = browser.follow(page, &house.issuer.parse::<Url>().unwrap()).await.unwrap();
    parameter(&page.location()?, "error")
}

on_both! {
    /// S96: robots stay away from people's pages, and what we do not speak is not there.
    async fn small_notices(house: &House) {
        let robots = house.http.get(house.url("/robots.txt")).send().await.unwrap();
        assert_eq!(robots.status(), 200);
        assert!(robots.text().await.unwrap().contains("Disallow: /"));
        for absent in ["webfinger?resource=acct:a@b", "host-meta", "security.txt"] {
            let answer = house.http.get(house.url(&format!("/.well-known/{absent}"))).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{absent}");
        }
    }

    // oidcc-discovery-endpoint-verification, oidcc-rp-initiated-logout-discovery-endpoint-verification,
    // fapi2-security-profile-final-discovery-end-point-verification
    /// S90: every endpoint is ours whatever the Host header says, and is there.
    async fn every_endpoint_is_ours_and_answers(house: &House) {
        let request = house.http.get(house.url("/.well-known/openid-configuration")).header("host", "evil.example");
        let document = Answer::of(request).await.expect(200).body;
        assert_eq!(document["issuer"], house.issuer);
        for (name, value) in document.as_object().unwrap() {
            if !(name.ends_with("_endpoint") || name.ends_with("_uri")) {
                continue;
            }
            let url = value.as_str().unwrap();
            assert!(url.starts_with(&house.issuer), "{name}: {url}");
            let status = house.http.post(url).send().await.unwrap().status();
            assert!(status != 404 && !status.is_server_error(), "{name}: {status}");
        }
    }

    /// S91, for what can be asked at the authorization endpoint: listed works, unlisted is refused.
    async fn what_is_listed_works_and_nothing_else(house: &House) {
        let app = house.app("asking").await;
        let document = metadata(house).await;
        for prompt in strings(&document["prompt_values_supported"]) {
            let error = error_of(house, &app, &[("prompt", prompt)]).await;
            // A page, or the one error that says that nobody is signed in.
            assert!(error.is_none() || error.as_deref() == Some("login_required"), "prompt={prompt}: {error:?}");
        }
        for mode in ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "web_message"] {
            let is_listed = strings(&document["response_modes_supported"]).contains(&mode);
            let mut browser = Browser::new(house.http.clone());
            let begun = app.begin("openid", &[("response_mode", mode), ("prompt", "none")]);
            let page = browser.get(&begun.url).await.unwrap();
            let answered = match page.location() {
                Some(back) => match parameter(&back, "response") {
                    Some(signed) => App::claims(&signed)["error"].as_str().map(str::to_owned),
                    None => parameter(&back, "error"),
                },
                None => page.body.contains("login_required").then(|| "login_required".to_owned()),
            };
            assert_eq!(answered.as_deref() == Some("login_required"), is_listed, "response_mode={mode}: {answered:?}");
        }
        for kind in ["code", "token", "id_token", "code id_token", "code token", "none"] {
            let is_listed = strings(&document["response_types_supported"]).contains(&kind);
            let error = error_of(house, &app, &[("response_type", kind), ("prompt", "none")]).await;
            // Refused ones answer in the fragment or the query; what matters is that none is taken.
            assert_eq!(error.as_deref() == Some("login_required"), is_listed, "response_type={kind}: {error:?}");
        }
        assert_eq!(strings(&document["code_challenge_methods_supported"]), ["S256"]); // S95
        for method in ["plain", "S512"] {
            let error = error_of(house, &app, &[("code_challenge_method", method)]).await;
            assert_eq!(error.as_deref(), Some("invalid_request"), "{method}"); // S9
        }
        for (parameter, refusal) in [
            ("request", "invalid_request_object"),
            ("request_uri", "invalid_request_uri"),
            ("registration", "registration_not_supported"),
        ] {
            let error = error_of(house, &app, &[(parameter, "https://app.example/x")]).await;
            assert_eq!(error.as_deref(), Some(refusal), "S19");
        }
    }

    /// S91 at the token endpoint: grants and ways to authenticate.
    async fn grants_and_authentication(house: &House) {
        let document = metadata(house).await;
        let app = house.app("granting").await;
        for grant in [
            "authorization_code", "refresh_token", "client_credentials", "password", "implicit",
            "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ] {
            let is_listed = strings(&document["grant_types_supported"]).contains(&grant);
            let answer = Answer::of(app.post("/oauth2/token", &[("grant_type", grant)])).await;
            assert_eq!(answer.text("error") != "unsupported_grant_type", is_listed, "{grant}: {:#}", answer.body); // S56
        }
        let methods = strings(&document["token_endpoint_auth_methods_supported"]);
        for method in ["client_secret_basic", "client_secret_post"] {
            assert!(methods.contains(&method));
            let grants = vec!["client_credentials".to_owned(), "authorization_code".to_owned()];
            let details = Details { auth_method: Some(method.to_owned()), grants, ..Details::default() };
            let client = house.register(&method.replace('_', "-"), details).await;
            let (id, secret) = (client.client_id.as_str(), client.secret.as_deref().unwrap());
            let grant = [("grant_type", "client_credentials")];
            let basic = house.http.post(house.url("/oauth2/token")).basic_auth(id, Some(secret)).form(&grant);
            let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
            let post = house.http.post(house.url("/oauth2/token")).form(&fields);
            // S53: the registered method only.
            let (right, wrong) = if method == "client_secret_basic" { (basic, post) } else { (post, basic) };
            Answer::of(right).await.expect(200);
            Answer::of(wrong).await.expect_error(401, "invalid_client");
        }
    }

    /// S91: every claim that is listed can come, and every scope gives what it says.
    async fn scopes_give_their_claims(house: &House) {
        let document = metadata(house).await;
        let person = house.person("grace@example.org").await;
        let app = house.app("claiming").await;
        let scopes = strings(&document["scopes_supported"]).join(" ");
        let tokens = app.tokens(&person, &scopes).await;
        let claims = app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200).body;
        let listed = strings(&document["claims_supported"]);
        let own = ["user_type", "is_active", "created_at", "social_accounts"]; // the seed's, CONTRACT §4
        for name in claims.as_object().unwrap().keys().filter(|name| !own.contains(&name.as_str())) {
            assert!(listed.contains(&name.as_str()), "{name} is given and not listed");
        }
        for name in ["sub", "name", "given_name", "family_name", "picture", "email", "email_verified", "updated_at"] {
            assert!(claims.get(name).is_some(), "{name} is missing: {claims:#}");
        }
        assert!(claims["updated_at"].is_i64());
    }
}
