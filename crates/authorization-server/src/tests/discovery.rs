use serde_json::Value;

use super::{
    house::{House, ISSUER},
    wire::authorize,
};

// S90
#[actix_web::test]
async fn both_documents_are_one_and_name_the_issuer() {
    let house = House::new().await;
    let openid = house.get("/.well-known/openid-configuration").await;
    let oauth = house.get("/.well-known/oauth-authorization-server").await;
    assert_eq!((openid.status.as_u16(), &openid.body), (200, &oauth.body));
    assert_eq!(openid.header("content-type"), "application/json");
    assert_eq!(openid.header("access-control-allow-origin"), "*");
    assert!(openid.header("cache-control").starts_with("public"));
    let document = openid.json();
    assert_eq!(document["issuer"], ISSUER);
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().unwrap().starts_with(&format!("{ISSUER}/")), "{name}");
        }
    }
    let elsewhere = actix_web::test::TestRequest::get()
        .uri("/.well-known/openid-configuration")
        .insert_header(("host", "evil.test"));
    assert_eq!(house.anonymous(elsewhere).await.body, openid.body);
}

// S91: whatever the document lists of the authorization request works, whatever it does not list is refused.
#[actix_web::test]
async fn the_metadata_is_true() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let user = house.person("u1").await;
    house.sign_in(&user).await;
    let document = house.get("/.well-known/openid-configuration").await.json();
    let listed = |name: &str| -> Vec<String> {
        document[name].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let check = async |list: &str, parameter: &str, universe: &[&str]| {
        for value in universe {
            let answer = house.get(&authorize(&client, &[(parameter, value)])).await;
            let refused = answer.parameter("error").is_some();
            assert_eq!(refused, !listed(list).iter().any(|one| one == value), "{parameter}={value}");
        }
    };
    check(
        "response_types_supported",
        "response_type",
        &["code", "token", "id_token", "code id_token", "none"],
    )
    .await;
    check(
        "response_modes_supported",
        "response_mode",
        &["query", "form_post", "fragment", "jwt", "query.jwt"],
    )
    .await;
    check("code_challenge_methods_supported", "code_challenge_method", &["S256", "plain", "S512"]).await;
    check(
        "scopes_supported",
        "scope",
        &["openid", "profile", "email", "phone", "address", "offline_access", "galleries", "admin"],
    )
    .await;
    check("prompt_values_supported", "prompt", &["none", "login", "consent", "select_account", "create"])
        .await;
    for grant in ["authorization_code", "refresh_token", "client_credentials", "password", "implicit"] {
        let answer = house.token(&client, &[("grant_type", grant)]).await;
        let unsupported = answer.error() == (400, "unsupported_grant_type".to_owned());
        assert_eq!(unsupported, !listed("grant_types_supported").iter().any(|one| one == grant), "{grant}");
    }
    for (flag, parameter) in
        [("request_parameter_supported", "request"), ("request_uri_parameter_supported", "request_uri")]
    {
        assert_eq!(document[flag], Value::Bool(true));
        let error = house.get(&authorize(&client, &[(parameter, "x")])).await.parameter("error");
        assert!(error.is_some_and(|error| error.starts_with("invalid_request_")));
    }
}

// S92
#[actix_web::test]
async fn keys_are_public_and_cacheable() {
    let house = House::new().await;
    let answer = house.get("/oauth2/jwks.json").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("cache-control").contains("max-age=60"));
    for key in answer.json()["keys"].as_array().unwrap() {
        assert!(["d", "p", "q", "k"].iter().all(|member| key.get(member).is_none()));
        assert!(key["kid"].is_string() && key["alg"].is_string() && key["use"] == "sig");
    }
}
