//! The logout token. <https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keyring::Token;
use protocol::{Client, logout::channels};
use store::logout::Notice;
use web::Core;

/// > A Logout Token MUST be signed and MAY also be encrypted. The same keys are used to sign and encrypt Logout Tokens as are
/// > used for ID Tokens.
// S100
pub async fn of(core: &Core, client: &Client, notice: &Notice) -> Result<String, String> {
    // Another at each try: whoever remembers what they have seen must not refuse a try that they could not finish.
    let jti = keyring::digest(format!("{}:{}", notice.id, notice.attempts).as_bytes());
    let claims = channels::logout_token(
        &core.site.issuer,
        &client.id,
        &core.subject(client, &notice.user_id),
        &core.session_name(client, &notice.sid),
        &URL_SAFE_NO_PAD.encode(jti),
        core.now(),
    );
    let signed = core
        .ring
        .sign(client.id_token_alg, Token::Logout, &claims)
        .map_err(|error| format!("cannot sign ({error})"))?;
    let how = client.metadata.id_token_encryption().map_err(|error| error.to_string())?;
    match how {
        Some(how) => {
            let sealed = core.encrypted(client, how, signed.as_bytes(), true).await;
            sealed.map_err(|error| format!("cannot encrypt ({error})"))
        }
        None => Ok(signed),
    }
}
