//! Applications that we did not write: the crates `openidconnect` and `oauth2`.

mod device;
mod oauth2_crate;
mod openidconnect_crate;
mod registration;

/// What both crates want: one HTTP exchange. They revoke over https only; our test server is http on loopback.
async fn send(
    http: &reqwest::Client,
    mut request: oauth2::HttpRequest,
) -> Result<oauth2::HttpResponse, reqwest::Error> {
    let plain = request.uri().to_string().replacen("https://", "http://", 1);
    *request.uri_mut() = plain.parse().expect("a URI");
    visage::demo::application::send(http, request).await
}
