//! Who vouches that redirect URIs on several hosts belong together.

use std::time::Duration;

use protocol::{Client, ErrorCode, OAuthError};
use url::Url;

use crate::Core;
use crate::outbound::{Bounds, Outbound};

const BOUNDS: Bounds = Bounds { largest: 64 * 1024, deadline: Duration::from_secs(5), redirects: 0 };

/// > The values of the redirect_uris … the OP MUST … verify that … all … are included in the elements of the array in the
/// > sector_identifier_uri's contents
///
/// <https://openid.net/specs/openid-connect-registration-1_0.html#SectorIdentifierValidation>. It is asked for at
/// registration, and never again: names that people are known by must not change with it.
// S78
pub async fn check(outbound: &Outbound, client: &Client) -> Result<(), OAuthError> {
    let Some(uri) = &client.metadata.sector_identifier_uri else { return Ok(()) };
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why));
    let Ok(url) = Url::parse(uri) else { return refuse("The sector_identifier_uri is no address.") };
    let listed = outbound.get(&url, BOUNDS).await.map_err(|error| error.to_string()).and_then(|bytes| {
        serde_json::from_slice::<Vec<String>>(&bytes).map_err(|error| format!("no list of texts: {error}"))
    });
    let vouches = listed.map(|listed| client.redirect_uris.iter().all(|uri| listed.contains(uri)));
    if vouches == Ok(true) {
        return Ok(());
    }
    let why = vouches.err().unwrap_or_else(|| "a redirect URI is missing".to_owned());
    tracing::info!(uri, why, "a sector_identifier_uri does not vouch");
    // One answer for all: whoever may register is not told what stands at addresses that only we can reach.
    refuse("At the sector_identifier_uri must be a JSON array that lists every redirect URI.")
}

impl Core {
    pub async fn check_sector(&self, client: &Client) -> Result<(), OAuthError> {
        check(&self.outbound, client).await
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, HttpServer, web};

    use super::*;
    use crate::outbound::Settings;

    // S78: who may register does not learn what else stands there, or whether anything does.
    #[actix_web::test]
    async fn it_vouches_or_it_does_not() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let app = || {
            let says = |text: &'static str| web::to(move || async move { HttpResponse::Ok().body(text) });
            App::new()
                .route("/all", says(r#"["https://a.example/cb","https://b.example/cb"]"#))
                .route("/one", says(r#"["https://a.example/cb"]"#))
                .route("/page", says("<html>"))
        };
        let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
        let here = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        let allow = [("127.0.0.1".parse().unwrap(), 8)].into_iter().collect();
        let outbound = Outbound::new(Settings { allow, ..Settings::default() }).unwrap();
        let says = async |uri: String| {
            let mut client = Client::blank("c1", 0);
            client.redirect_uris = vec!["https://a.example/cb".into(), "https://b.example/cb".into()];
            client.metadata.sector_identifier_uri = Some(uri);
            check(&outbound, &client).await
        };
        assert_eq!(says(format!("{here}/all")).await, Ok(()));
        let refused = says(format!("{here}/one")).await;
        assert_eq!(refused.as_ref().unwrap_err().code, ErrorCode::InvalidClientMetadata);
        for elsewhere in [
            format!("{here}/page"),
            format!("{here}/nothing"),
            "http://127.0.0.1:1/".into(),
            "https://10.1.1.1/".into(),
        ] {
            assert_eq!(says(elsewhere.clone()).await, refused, "{elsewhere}");
        }
    }
}
