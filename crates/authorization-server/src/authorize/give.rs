//! What a person's yes gives: first the rows, in one transaction, then the tokens that leave at once.

use protocol::{
    ErrorCode, OAuthError, Scopes,
    authorization::{ACR_PASSWORD, FrontToken, Granted, ResponseType},
    claims::ClaimsRequest,
    fapi2,
};
use store::{
    codes::{Code, Given, Ground, Issued},
    grants::Grant,
};
use web::{PageError, SignedIn};

use super::act::Journey;
use crate::mint::{AccessToken, Front, IdToken, Mint, MintError, kept_list};

/// What was decided, as [`protocol::authorization::Decision::Permit`] says it.
pub struct Permission {
    pub scopes: Scopes,
    pub offline: bool,
    pub claims: ClaimsRequest,
    pub on_record: Scopes,
}

/// What came of a yes.
pub enum Outcome {
    Granted(Granted),
    /// The tokens cannot be made as the client has them; the client hears why.
    Refused(OAuthError),
    /// What has gone meanwhile; nothing was written.
    Lost(Issued),
}

/// Writes code and grant and with them ends the interaction: however often the page is submitted, one answer comes of it.
// S23, S32, I1
pub async fn give(
    journey: &Journey<'_>,
    person: &SignedIn,
    permission: Permission,
) -> Result<Outcome, PageError> {
    let core = &journey.visit.core;
    let kind = journey.checked.valid.response_type;
    let secret = core.random.secret();
    let ground = Ground {
        interaction: journey.interaction.map(|id| id.digest().into()),
        pushed: journey.checked.pushed.clone(),
        consent: permission.on_record.clone(),
        listens: journey.checked.client.metadata.listens_to_logout(),
    };
    let is_sign_in = permission.scopes.contains("openid");
    let mut code = code(journey, person, permission, secret.digest().into())?;
    let grant = (kind != ResponseType::Code).then(|| grant(journey, &code, core.random.id()));
    code.grant_id = grant.as_ref().map(|grant| grant.id.clone());
    core.note_client_use(&journey.checked.client).await?;
    let given = Given { code: kind.gives_code().then_some(code), grant: grant.clone() };
    match core.store.issue(given, ground).await? {
        Issued::Written => {}
        lost => return Ok(Outcome::Lost(lost)),
    }
    let mut granted = match grant {
        Some(grant) => match at_once(journey, &grant, kind.gives_code().then(|| secret.expose())).await {
            Ok(granted) => granted,
            Err(error) => return cannot(journey, error),
        },
        None => Granted::default(),
    };
    granted.code = kind.gives_code().then(|| secret.expose().to_owned());
    if is_sign_in {
        let to = &journey.checked.valid.to.redirect_uri;
        granted.session_state = web::session_state::of(core, &journey.checked.client.id, to, &person.session);
    }
    Ok(Outcome::Granted(granted))
}

/// What is the client's to repair is said to the client; nothing leaves in clear that it wanted encrypted.
///
/// > server_error: […] (This error code is needed because a 500 Internal Server Error HTTP status code cannot be returned to
/// > the client via an HTTP redirect.)
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>
fn cannot(journey: &Journey<'_>, error: MintError) -> Result<Outcome, PageError> {
    match error {
        MintError::Client(error) => Ok(Outcome::Refused(error)),
        MintError::Encrypt(error) => {
            tracing::warn!(client_id = %journey.checked.client.id, %error, "an ID token cannot be encrypted");
            let problem = "The client's keys have none that the ID token can be encrypted to.";
            Ok(Outcome::Refused(OAuthError::new(ErrorCode::ServerError, problem)))
        }
        error => Err(error.into()),
    }
}

fn code(
    journey: &Journey<'_>,
    person: &SignedIn,
    permission: Permission,
    digest: Vec<u8>,
) -> Result<Code, PageError> {
    let valid = &journey.checked.valid;
    Ok(Code {
        digest,
        client_id: journey.checked.client.id.clone(),
        user_id: person.user.id.clone(),
        sid: Some(person.session.sid.clone()),
        redirect_uri: valid.to.redirect_uri.clone(),
        redirect_uri_given: valid.redirect_uri_given,
        code_challenge: valid.code_challenge.clone(),
        scopes: permission.scopes,
        offline: permission.offline,
        nonce: valid.nonce.clone(),
        claims: claims_text(&permission.claims)?,
        auth_time: person.session.auth_time,
        amr: person.session.amr.clone(),
        failures: 0,
        grant_id: None,
        created_at: journey.now,
        expires_at: journey.now
            + fapi2::code_ttl(&journey.checked.client, journey.visit.state.policy.code_ttl),
        used_at: None,
        dpop_jkt: valid.dpop_jkt.clone(),
        resources: kept_list(&valid.resources)?,
        authorization_details: kept_list(&valid.details)?,
        acr: Some(ACR_PASSWORD.to_owned()),
    })
}

/// The grant of the tokens that leave at once. It lasts until the last of them ends, or until the code can: then the
/// token endpoint says how long it goes on.
fn grant(journey: &Journey<'_>, code: &Code, id: String) -> Grant {
    let policy = &journey.visit.state.policy;
    let code = code.clone();
    Grant {
        id,
        client_id: code.client_id,
        user_id: code.user_id,
        sid: code.sid,
        scopes: code.scopes,
        offline: code.offline,
        claims: code.claims,
        auth_time: code.auth_time,
        amr: code.amr,
        created_at: journey.now,
        expires_at: code.expires_at.max(journey.now + policy.access_token_ttl),
        revoked_at: None,
        confirmation: None,
        resources: code.resources,
        authorization_details: code.authorization_details,
        acr: code.acr,
    }
}

/// The tokens that leave the authorization endpoint itself; each names by its hash what comes with it.
async fn at_once(journey: &Journey<'_>, grant: &Grant, code: Option<&str>) -> Result<Granted, MintError> {
    let valid = &journey.checked.valid;
    let mint = Mint::new(&journey.visit.core, &journey.visit.state.policy, &journey.checked.client);
    let mut granted = Granted::default();
    if valid.response_type.gives_token() {
        let minted = mint.access_token(AccessToken::plain(Some(grant), &grant.scopes)).await?;
        granted.access_token = Some(FrontToken {
            token: minted.token,
            token_type: minted.token_type,
            expires_in: minted.expires_in,
            scope: minted.scope,
        });
    }
    if valid.response_type.gives_id_token() {
        let access_token = granted.access_token.as_ref().map(|front| front.token.as_str());
        let front = Front { kind: valid.response_type, code, state: valid.to.state.as_deref() };
        let what = IdToken { grant, nonce: valid.nonce.as_deref(), access_token, front: Some(front) };
        granted.id_token = Some(mint.id_token(what).await?);
    }
    Ok(granted)
}

/// As it is kept with the grant; nothing where nothing was asked for by name.
fn claims_text(claims: &ClaimsRequest) -> Result<Option<String>, PageError> {
    if claims.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(claims).map(Some).map_err(PageError::internal)
}
