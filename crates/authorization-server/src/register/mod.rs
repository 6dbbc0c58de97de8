//! Clients that register themselves, and look after their registration.
//! <https://www.rfc-editor.org/rfc/rfc7591>, <https://www.rfc-editor.org/rfc/rfc7592>
//!
//! [`permit`]: who may. [`acceptance`]: what may be registered. [`answer`]: what they are told.

mod acceptance;
mod answer;
mod body;
mod permit;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use keyring::{Secret, client_secret};
use protocol::registration::{self, Author};
use protocol::{Client, ErrorCode, Micros, OAuthError, SECOND};
use serde_json::json;
use store::audit::AuditRow;
use web::{Core, OAuthFailure, Peer};

use self::body::Document;
use self::permit::Managing;
use crate::State;

const DAY: Micros = 24 * 3600 * SECOND;

/// > The client registration endpoint … MUST accept HTTP POST messages with request parameters encoded in the entity
/// > body using the "application/json" format.
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-3>
// S76
pub async fn register(
    core: Data<Core>,
    state: Data<State>,
    request: HttpRequest,
    peer: Peer,
    Document(document): Document,
) -> Result<HttpResponse, OAuthFailure> {
    let permit = permit::of(&core, &state, &request, peer).await?;
    let management = core.random.secret();
    let mut client = Client {
        registered_by: permit.registered_by,
        management_digest: Some(management.digest().to_vec()),
        ..Client::blank(core.random.id(), core.now())
    };
    // > application_type: … The default, if omitted, is web.
    // > https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata
    client.metadata.application_type = Some("web".to_owned());
    registration::apply(document, &mut client, Author::Client)?;
    registration::fill_profile(&mut client, &state.policy);
    registration::fill_gaps(&mut client);
    registration::drop_unknown_scopes(&mut client, &state.policy)?;
    let secret = settled_secret(&core, &mut client);
    acceptance::check(&core, &state, &client).await?;
    let entry = entry(&core, &client, "client.registered");
    if !core.store.register_client(client.clone(), permit.token, entry).await? {
        return Err(permit::refused("the initial access token is used up"));
    }
    Ok(answer::created(&core, &client, &management, secret.as_ref()))
}

/// > Client Read Request: … the client makes an HTTP GET request to the client configuration endpoint, authenticating
/// > with its registration access token.
///
/// <https://www.rfc-editor.org/rfc/rfc7592#section-2.1>
// S77
pub async fn read(core: Data<Core>, managing: Managing) -> HttpResponse {
    answer::described(&core, &managing.client, &managing.token, None)
}

/// > Valid values of client metadata fields in this request MUST replace, not augment, the values previously associated
/// > with this client. Omitted fields MUST be treated as null or empty values by the server, indicating the client's
/// > request to delete them from the client's registration.
///
/// <https://www.rfc-editor.org/rfc/rfc7592#section-2.2>
// S77
pub async fn replace(
    core: Data<Core>,
    state: Data<State>,
    managing: Managing,
    peer: Peer,
    Document(document): Document,
) -> Result<HttpResponse, OAuthFailure> {
    let before = &*managing.client;
    permit::changes(&core, &state, before, peer).await?;
    body::names_itself(&core, &document, before)?;
    let mut client = registration::emptied(before, core.now());
    client.metadata.application_type = Some("web".to_owned());
    // To look after it is a use of it.
    client.used_at = Some(core.now() - core.now().rem_euclid(DAY));
    registration::apply(document, &mut client, Author::Client)?;
    registration::fill_profile(&mut client, &state.policy);
    registration::fill_gaps(&mut client);
    registration::drop_unknown_scopes(&mut client, &state.policy)?;
    let secret = settled_secret(&core, &mut client);
    acceptance::check(&core, &state, &client).await?;
    let trust_ended = registration::ends_with_change(before, &mut client);
    let mut entry = entry(&core, &client, "client.replaced");
    if trust_ended {
        entry.detail = json!({ "name": client.name, "trust_ended": true }).to_string();
    }
    if !core.store.replace_client(client.clone(), before.updated_at, entry).await? {
        // An administrator's change, or the same client's from elsewhere, or its end: the next try will see it.
        let busy = "The registration has just been changed. Try again.";
        return Err(OAuthError::new(ErrorCode::TemporarilyUnavailable, busy).into());
    }
    Ok(answer::described(&core, &client, &managing.token, secret.as_ref()))
}

/// > If a client has been successfully deprovisioned, the authorization server MUST respond with an HTTP 204 No Content
/// > message.
///
/// <https://www.rfc-editor.org/rfc/rfc7592#section-2.3>. Its grants and tokens go with it.
// S77
pub async fn remove(core: Data<Core>, managing: Managing) -> Result<HttpResponse, OAuthFailure> {
    let entry = entry(&core, &managing.client, "client.deleted");
    core.store.delete_client(&managing.client.id, entry).await?;
    Ok(answer::removed())
}

/// A secret where the method of authentication wants one and there is none; what it does not want is taken away.
fn settled_secret(core: &Core, client: &mut Client) -> Option<Secret> {
    if client_secret::is_kept(client) {
        return None;
    }
    client_secret::give(client, core.ring.master(), &core.random)
}

fn entry(core: &Core, client: &Client, action: &str) -> AuditRow {
    AuditRow {
        id: core.random.id(),
        at: core.now(),
        actor: Some(client.registered_by.clone()),
        action: action.to_owned(),
        subject: client.id.clone(),
        detail: json!({ "name": client.name }).to_string(),
    }
}
