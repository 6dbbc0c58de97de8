//! Keys shown by DPoP: at the token endpoint, at PAR, in codes and refresh tokens.

use serde_json::{Value, json};

use super::{
    holder::{Holder, ask, request},
    house::{House, START, on_both},
    wire::{authorize, parts, redemption, text},
};
use protocol::{Client, SECOND};

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

fn invalid() -> (u16, String) {
    (400, "invalid_dpop_proof".into())
}

// S67: fapi2-security-profile-final-happy-flow
async fn a_token_is_bound_to_the_key_that_was_shown() {
    let house = House::new().await;
    let (client, holder) = (house.client("c1", |_| {}).await, Holder::new());
    let answer = holder.token(&house, &client, &OWN).await;
    assert_eq!((answer.status.as_u16(), text(&answer.json(), "token_type")), (200, "DPoP"));
    let token = text(&answer.json(), "access_token").to_owned();
    assert_eq!(parts(&token).1["cnf"], json!({"jkt": holder.jkt()}));
    let known = house.post_as(&client, "/oauth2/introspect", &[("token", &token)]).await.json();
    assert_eq!((&known["cnf"]["jkt"], &known["token_type"]), (&json!(holder.jkt()), &json!("DPoP")));
    let bare = house.token(&client, &OWN).await.json();
    assert_eq!(text(&bare, "token_type"), "Bearer");
    let known = house.post_as(&client, "/oauth2/introspect", &[("token", text(&bare, "access_token"))]).await;
    assert_eq!(known.json().get("cnf"), None);
}
on_both!(a_token_is_bound_to_the_key_that_was_shown);

// S67, S102, S103: fapi2-security-profile-final-dpop-negative-tests
async fn what_proves_nothing_gets_nothing() {
    let house = House::new().await;
    let (client, holder, other) = (house.client("c1", |_| {}).await, Holder::new(), Holder::new());
    let now = START / SECOND;
    let refused = [
        ("htm", json!("GET")),
        ("htu", json!("https://op.test/oauth2/par")),
        ("htu", json!("https://elsewhere.test/oauth2/token")),
        ("iat", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("iat", json!(now - 61)),
        ("iat", Value::Null),
        ("iat", json!("now")),
        ("jti", Value::Null),
        ("jti", json!("")),
    ];
    for (claim, value) in refused {
        let proof = holder.proof(&house, "POST", "/oauth2/token", &[(claim, value.clone())]);
        assert_eq!(ask(&house, &client, &OWN, &proof).await.error(), invalid(), "{claim}={value}");
    }
    let taken = [
        vec![("iat", json!(now - 10))],
        vec![("iat", json!(now + 8))],
        vec![("nbf", json!(now)), ("exp", json!(now + 300))],
        vec![("htu", json!("https://op.test:443/oauth2/token?a=b#c"))],
        vec![("nonce", json!("of nobody"))],
    ];
    for claims in taken {
        let proof = holder.proof(&house, "POST", "/oauth2/token", &claims);
        assert_eq!(ask(&house, &client, &OWN, &proof).await.status, 200, "{claims:?}");
    }
    let claims =
        |jti: &str| json!({"jti": jti, "htm": "POST", "htu": "https://op.test/oauth2/token", "iat": now});
    let mut with_private = holder.jwk();
    with_private["d"] = json!("AAAA");
    for (place, header) in [
        json!({"typ": "JWT", "alg": "ES256", "jwk": holder.jwk()}),
        json!({"alg": "ES256", "jwk": holder.jwk()}),
        json!({"typ": "dpop+jwt", "alg": "none", "jwk": holder.jwk()}),
        json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": with_private}),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": other.jwk()}),
        json!({"typ": "dpop+jwt", "alg": "ES256"}),
    ]
    .into_iter()
    .enumerate()
    {
        let proof = holder.sign(&header, &claims(&place.to_string()));
        assert_eq!(ask(&house, &client, &OWN, &proof).await.error(), invalid(), "{header}");
    }
    let proof = holder.proof(&house, "POST", "/oauth2/token", &[]);
    let twice = request("/oauth2/token", &client, &OWN)
        .append_header(("dpop", proof.as_str()))
        .append_header(("dpop", proof.as_str()));
    assert_eq!(house.anonymous(twice).await.error(), invalid());
    assert_eq!(ask(&house, &client, &OWN, "nonsense").await.error(), invalid());
}
on_both!(what_proves_nothing_gets_nothing);

// S67
async fn a_proof_is_good_once() {
    let house = House::new().await;
    let (client, holder) = (house.client("c1", |_| {}).await, Holder::new());
    let proof = holder.proof(&house, "POST", "/oauth2/token", &[("jti", json!("one"))]);
    let both =
        futures_util::future::join(ask(&house, &client, &OWN, &proof), ask(&house, &client, &OWN, &proof));
    let (one, two) = both.await;
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    // Another's jti is another's.
    let stranger = Holder::new().proof(&house, "POST", "/oauth2/token", &[("jti", json!("one"))]);
    assert_eq!(ask(&house, &client, &OWN, &stranger).await.status, 200);
    // Nothing is used up by a request that failed before it was looked at.
    let unused = holder.proof(&house, "POST", "/oauth2/token", &[]);
    let wrong = Client { id: "nobody".into(), ..client.clone() };
    assert_eq!(ask(&house, &wrong, &OWN, &unused).await.error(), (401, "invalid_client".into()));
    assert_eq!(ask(&house, &client, &OWN, &unused).await.status, 200);
}
on_both!(a_proof_is_good_once);

// S67: fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt
async fn a_code_waits_for_its_key() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    house.sign_in(&house.person("u1").await).await;
    let (holder, other) = (Holder::new(), Holder::new());
    let code = async || {
        let answer = house.get(&authorize(&client, &[("dpop_jkt", &holder.jkt())])).await;
        answer.parameter("code").unwrap()
    };
    let mine = code().await;
    assert_eq!(other.token(&house, &client, &redemption(&mine)).await.error(), (400, "invalid_grant".into()));
    assert_eq!(house.redeem(&client, &mine).await.error(), (400, "invalid_grant".into()));
    assert_eq!(holder.token(&house, &client, &redemption(&mine)).await.status, 200);
    // The key may also be shown when the request is pushed.
    let form = [
        ("redirect_uri", super::wire::CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", super::wire::CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let proof = holder.proof(&house, "POST", "/oauth2/par", &[]);
    let pushed = house.anonymous(request("/oauth2/par", &client, &form).insert_header(("dpop", proof))).await;
    let request_uri = text(&pushed.json(), "request_uri").to_owned();
    let start = format!("/oauth2/authorize?client_id=c1&request_uri={request_uri}");
    let pushed = house.get(&start).await.parameter("code").unwrap();
    assert_eq!(
        other.token(&house, &client, &redemption(&pushed)).await.error(),
        (400, "invalid_grant".into())
    );
    assert_eq!(holder.token(&house, &client, &redemption(&pushed)).await.status, 200);
    let form = [&form[..], &[("dpop_jkt", "of-another-key")]].concat();
    let proof = holder.proof(&house, "POST", "/oauth2/par", &[]);
    let torn = house.anonymous(request("/oauth2/par", &client, &form).insert_header(("dpop", proof))).await;
    assert_eq!(torn.status, 400, "{}", torn.body);
}
on_both!(a_code_waits_for_its_key);

// S63, S67: a public client's refresh token is the key's, and stays as it is; a confidential client's is its own.
async fn a_refresh_token_of_a_public_client_needs_the_same_key() {
    let house = House::new().await;
    let (public, secret) = (house.public_client("app").await, house.client("c1", |_| {}).await);
    let user = house.person("u1").await;
    house.sign_in(&user).await;
    let (holder, other) = (Holder::new(), Holder::new());
    for client in [&public, &secret] {
        house.agree(&user, client, "openid offline_access", None).await;
        let code = house.code(client, "openid offline_access").await;
        let tokens = holder.token(&house, client, &redemption(&code)).await.json();
        let refresh = text(&tokens, "refresh_token").to_owned();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let by_other = other.token(&house, client, &form).await;
        let bare = house.token(client, &form).await;
        if client.is_public() {
            assert_eq!(by_other.error(), (400, "invalid_grant".into()));
            assert_eq!(bare.error(), (400, "invalid_grant".into()));
        } else {
            assert_eq!(parts(text(&by_other.json(), "access_token")).1["cnf"]["jkt"], json!(other.jkt()));
            assert_eq!(text(&bare.json(), "token_type"), "Bearer");
        }
        let again = holder.token(&house, client, &form).await.json();
        assert_eq!(text(&again, "refresh_token"), refresh, "not rotated");
        assert_eq!(parts(text(&again, "access_token")).1["cnf"]["jkt"], json!(holder.jkt()));
    }
}
on_both!(a_refresh_token_of_a_public_client_needs_the_same_key);

// S67: fapi2-security-profile-final-ensure-holder-of-key-required
async fn who_registered_for_bound_tokens_gets_no_others() {
    let house = House::new().await;
    let always = |client: &mut Client| client.metadata.dpop_bound_access_tokens = true;
    let client = house.client("c1", always).await;
    assert_eq!(house.token(&client, &OWN).await.error(), invalid());
    assert_eq!(Holder::new().token(&house, &client, &OWN).await.status, 200);
}
on_both!(who_registered_for_bound_tokens_gets_no_others);

// S67
async fn nonces_are_asked_for_where_they_are_switched_on() {
    let house = House::furnished(|_| {}, |core| core.limits.dpop_nonces = true).await;
    let (client, holder) = (house.client("c1", |_| {}).await, Holder::new());
    let wanted = (400, "use_dpop_nonce".to_owned());
    let first = holder.token(&house, &client, &OWN).await;
    assert_eq!(first.error(), wanted);
    let nonce = first.header("dpop-nonce").to_owned();
    let with = |nonce: &str| holder.proof(&house, "POST", "/oauth2/token", &[("nonce", json!(nonce))]);
    let good = ask(&house, &client, &OWN, &with(&nonce)).await;
    assert_eq!(good.status, 200, "{}", good.body);
    assert!(!good.header("dpop-nonce").is_empty(), "the next one comes with the answer");
    assert!(nonce.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
    let (window, mac) = nonce.split_once('.').unwrap();
    let made_up = format!("{:x}.{mac}", i64::from_str_radix(window, 16).unwrap() + 1);
    for bad in ["", ".", "1.2", made_up.as_str(), &nonce[..nonce.len() - 1]] {
        assert_eq!(ask(&house, &client, &OWN, &with(bad)).await.error(), wanted, "{bad}");
    }
    house.clock.advance(301 * SECOND);
    assert_eq!(ask(&house, &client, &OWN, &with(&nonce)).await.error(), wanted, "too old");
    // Whoever shows no key needs none.
    let bare = house.token(&client, &OWN).await;
    assert_eq!((bare.status.as_u16(), bare.header("dpop-nonce")), (200, ""));
}
on_both!(nonces_are_asked_for_where_they_are_switched_on);
