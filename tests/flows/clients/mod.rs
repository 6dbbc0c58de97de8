//! Applications that we did not write: the crates `openidconnect` and `oauth2`.

mod oauth2_crate;
mod openidconnect_crate;

/// What both crates want: one HTTP exchange.
async fn send(http: &reqwest::Client, request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, reqwest::Error> {
    visage::demo::application::send(http, request).await
}
