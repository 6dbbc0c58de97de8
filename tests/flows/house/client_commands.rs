//! `visage client …`: every member of a registration by file and by option, told again; tokens that let others register.

use serde_json::{Value, json};
use tests::{Answer, ClientKey, Engine, binary};

use crate::crashes::Place;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn what_a_file_registers_is_shown_again() {
    let place = Place::new(Engine::Sqlite).await;
    let file = place.dir.path().join("client.json");
    let file = file.to_str().unwrap();
    let document = json!({
        "client_name": "Wall", "client_name#fr": "Mur", "redirect_uris": ["https://wall.example/cb"],
        "jwks": ClientKey::new("one").jwks(), "token_endpoint_auth_method": "private_key_jwt",
        "subject_type": "pairwise", "contacts": ["a@wall.example"], "default_max_age": 600, "require_auth_time": true,
        "dpop_bound_access_tokens": true, "request_uris": ["https://wall.example/request"],
        "initiate_login_uri": "https://wall.example/login", "userinfo_signed_response_alg": "ES256",
        "backchannel_logout_uri": "https://wall.example/out", "unheard_of": 7,
    });
    std::fs::write(file, document.to_string()).unwrap();
    let add = ["client", "add", "--id", "wall", "--metadata", file, "--name", "The wall", "--json"];
    let first = parsed(&place.run(&add, ""));
    assert_eq!(first["client_name"], "The wall", "options win");
    for (name, value) in document.as_object().unwrap() {
        match name.as_str() {
            "client_name" => {}
            "unheard_of" => assert!(first.get(name).is_none()),
            name => assert_eq!(&first[name], value, "{name}"),
        }
    }
    let told = |value: &Value| {
        let mut value = value.clone();
        value.as_object_mut().unwrap().remove("client_secret");
        value
    };
    assert_eq!(told(&parsed(&place.run(&add, ""))), told(&first), "the same again changes nothing");
    assert_eq!(told(&parsed(&place.run(&["client", "show", "wall", "--json"], ""))), told(&first));
    let shown = place.run(&["client", "show", "wall"], "");
    assert!(
        shown.contains("registered_by: administrator") && shown.contains("subject_type: pairwise"),
        "{shown}"
    );

    // A profile is a set of rules: what does not keep them is refused.
    let fapi =
        parsed(&place.run(
            &["client", "update", "wall", "--profile", "fapi2", "--id-token-alg", "PS256", "--json"],
            "",
        ));
    assert_eq!(
        (&fapi["profile"], &fapi["require_pushed_authorization_requests"]),
        (&json!("fapi2"), &json!(true))
    );
    let refused = |arguments: &[&str]| {
        let output = binary::run(arguments, place.environment(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["client", "update", "wall", "--profile", "fapi1"]).contains("fapi2"));
    assert!(refused(&["client", "update", "wall", "--response-type", "id_token"]).contains("response_type"));
    assert!(
        refused(&["client", "update", "wall", "--jwks-uri", "http://wall.example/jwks"]).contains("https")
    );
    let moved =
        ["client", "update", "wall", "--jwks-uri", "https://wall.example/jwks", "--profile", "", "--json"];
    let moved = parsed(&place.run(&moved, ""));
    assert!(moved.get("jwks").is_none() && moved.get("profile").is_none());
    assert_eq!(moved["jwks_uri"], "https://wall.example/jwks");

    // The file is what holds: what it does not say any more is gone, but for what only an administrator says.
    place.run(&["client", "update", "wall", "--trusted", "true"], "");
    let less = json!({ "client_name": "Wall", "redirect_uris": ["https://wall.example/new"] });
    std::fs::write(file, less.to_string()).unwrap();
    let again = parsed(&place.run(&["client", "add", "--id", "wall", "--metadata", file, "--json"], ""));
    assert_eq!(again["redirect_uris"], less["redirect_uris"]);
    for gone in ["jwks_uri", "contacts", "backchannel_logout_uri", "client_name#fr", "request_uris"] {
        assert!(again.get(gone).is_none(), "{gone}");
    }
    assert_eq!(
        (&again["trusted"], &again["client_id_issued_at"]),
        (&json!(true), &first["client_id_issued_at"])
    );
    // Without a file it is changed, not replaced.
    let policy = "https://wall.example/policy";
    place.run(&["client", "add", "--id", "wall", "--policy-uri", policy], "");
    let merged = parsed(&place.run(&["client", "add", "--id", "wall", "--name", "Walls", "--json"], ""));
    assert_eq!((&merged["policy_uri"], &merged["client_name"]), (&json!(policy), &json!("Walls")));
}

#[tokio::test]
async fn what_is_refused_says_what_to_do() {
    let place = Place::new(Engine::Sqlite).await;
    let back = ["--redirect-uri", "https://wall.example/cb"];
    let file = place.dir.path().join("client.json");
    std::fs::write(&file, r#"{"tls_client_certificate_bound_access_tokens": true}"#).unwrap();
    let file = file.to_str().unwrap();
    for (options, said) in [
        (&["--response-type", "code id_token"][..], "`oauth.response_types`"),
        (&["--profile", "fapi2"], "--jwks FILE or --jwks-uri"),
        (&["--auth-method", "private_key_jwt"], "--jwks FILE or --jwks-uri"),
        (&["--auth-method", "tls_client_auth"], "tls_client_auth_subject_dn, tls_client_auth_san_dns"),
        (&["--metadata", file], "`server.client_certificate_header`"),
        (&["--grant", "jwt-bearer"], "`[issuers.NAME]`"),
        (&["--scope", "openid unheard-of"], "`[resources.NAME]`"),
    ] {
        let arguments = [&["client", "add"], &back[..], options].concat();
        let output = binary::run(&arguments, place.environment(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
    // Grants by the last word of their names.
    let device =
        ["client", "add", "--public", "--grant", "device_code", "--grant", "refresh_token", "--json"];
    let made = parsed(&place.run(&device, ""));
    assert_eq!(made["grant_types"], json!(["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]));
}

// S76
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_from_the_command_line_registers_clients() {
    let mut place = Place::new(Engine::Sqlite).await;
    place.set("VISAGE_OAUTH__REGISTRATION", "token");
    let server = place.start().await;
    let made =
        ["client", "initial-token", "add", "--name", "Partner", "--uses", "1", "--expires", "1h", "--json"];
    let made = parsed(&place.run(&made, ""));
    let listed = parsed(&place.run(&["client", "initial-token", "list", "--json"], ""));
    assert_eq!((&listed[0]["id"], &listed[0]["uses_left"]), (&made["id"], &json!(1)));
    assert!(listed[0].get("initial_access_token").is_none(), "it is shown once");
    let token = made["initial_access_token"].as_str().unwrap();
    let register = async |token: &str| {
        let body = json!({ "redirect_uris": ["https://app.example/cb"] });
        Answer::of(
            tests::http().post(format!("{}/oauth2/register", place.issuer)).bearer_auth(token).json(&body),
        )
        .await
    };
    let told = register(token).await.expect(201);
    let shown = parsed(&place.run(&["client", "show", told.text("client_id"), "--json"], ""));
    assert_eq!(shown["registered_by"], format!("token:{}", made["id"].as_str().unwrap()));
    register(token).await.expect_error(401, "invalid_token");
    let id = parsed(&place.run(&["client", "initial-token", "add", "--name", "Other", "--json"], ""));
    let (id, token) = (id["id"].as_str().unwrap(), id["initial_access_token"].as_str().unwrap());
    place.run(&["client", "initial-token", "delete", id], "");
    register(token).await.expect_error(401, "invalid_token");
    let again = binary::run(&["client", "initial-token", "delete", id], place.environment(), "");
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(server.terminate(), Some(0));
}
