//! The security event token. <https://www.rfc-editor.org/rfc/rfc8417>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keyring::{Token, ring::SignError};
use protocol::seconds;
use serde_json::{Value, json};
use store::{StoreError, events::Event, users::Profile};
use web::Core;

/// Signed by the key whose algorithm the client's ID tokens have. None where the client may not know of the person (any
/// more).
pub async fn of(core: &Core, event: &Event) -> Result<Option<Result<String, SignError>>, StoreError> {
    let Some(client) = core.store.client(&event.client_id).await? else { return Ok(None) };
    let profile = core.store.profile(&event.user_id).await?;
    // Of a person who was deleted nothing is left to ask; whoever knew them learns that the picture is gone.
    if profile.is_some() && !core.store.sees_profile(&event.user_id, &event.client_id, core.now()).await? {
        return Ok(None);
    }
    let subject = core.subject(&client, &event.user_id);
    let claims = claims(core, event, &subject, profile.as_ref());
    Ok(Some(core.ring.sign(client.id_token_alg, Token::SecurityEvent, &claims)))
}

/// What holds now, not what held when it was queued: a later event may have taken the place of this one already.
fn claims(core: &Core, event: &Event, subject: &str, profile: Option<&Profile>) -> Value {
    let (issuer, now) = (&core.site.issuer, core.now());
    let chosen = profile.and_then(|profile| Some((profile, core.pictures.chosen(profile)?)));
    let (kind, what) = match chosen {
        Some((profile, picture)) => {
            let mut what = json!({ "picture": picture, "updated_at": seconds(profile.user.updated_at) });
            if let Some(portrait) = &profile.portrait {
                what["picture_variants"] = json!(core.pictures.variants(portrait));
                what["thumbhash"] = json!(portrait.thumbhash);
            }
            ("picture.updated", what)
        }
        // The default picture, where there is one.
        None => {
            let at = profile.map_or(event.created_at, |profile| profile.user.updated_at);
            let mut what = json!({ "updated_at": seconds(at) });
            if let Some(picture) = profile.and_then(|profile| core.pictures.of(profile)) {
                what["picture"] = json!(picture);
            }
            ("picture.removed", what)
        }
    };
    json!({
        "iss": issuer,
        "iat": seconds(now),
        // The same at every try, so that a receiver knows it again; it tells nothing.
        "jti": URL_SAFE_NO_PAD.encode(keyring::digest(event.id.as_bytes())),
        "aud": event.client_id,
        // When it happened. https://www.rfc-editor.org/rfc/rfc8417#section-2.2
        "toe": seconds(event.created_at),
        // https://www.rfc-editor.org/rfc/rfc9493#section-3.2.4
        "sub_id": { "format": "iss_sub", "iss": issuer, "sub": subject },
        "events": { format!("{issuer}/events/{kind}"): what },
    })
}
