//! `visage demo --check`: the main job, walked over HTTP as that client and that person, one line a step with its time.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use url::Url;

use super::{
    Demo,
    application::{Application, Tokens},
    browser::{Browser, Page},
    photos, picture,
};
use crate::{commands::output, failure::Failure, stopwatch::Stopwatch};

/// Every step, in order; the first that does not hold ends the walk.
pub async fn walk(demo: &Demo) -> Result<(), Failure> {
    let mut steps = Steps::default();
    let outcome = journey(demo, &mut steps).await;
    steps.end(&outcome);
    outcome
}

async fn journey(demo: &Demo, steps: &mut Steps) -> Result<(), Failure> {
    let http = super::client();
    let issuer: Url = demo.issuer.parse().map_err(|e| Failure::new(format!("{}: {e}", demo.issuer)))?;
    let mut browser = Browser::new(http.clone());

    steps.begin("discovery");
    let application = Application::discover(http.clone(), &demo.issuer, &demo.registration).await?;
    steps.done(format!("{} keys", application.key_count()));

    steps.begin("sign-in page");
    let begun = application.begin();
    let page = browser.get(&begun.url).await?;
    let page = expect(browser.follow(page, &issuer).await?, "login")?;
    steps.done(page.url.path());

    steps.begin("login");
    let form =
        page.form("login")?.with("username", &demo.person.email).with("password", &demo.person.password);
    let page = browser.submit(&page.url, &form).await?;
    let page = expect(browser.follow(page, &issuer).await?, "consent")?;
    steps.done(&demo.person.email);

    steps.begin("consent");
    let form = page.form("consent")?.with("decision", "allow");
    let page = browser.submit(&page.url, &form).await?;
    let page = browser.follow(page, &issuer).await?;
    steps.done("allowed");

    steps.begin("code");
    let code = returned_code(&page, &begun.state, &demo.issuer, &demo.registration.redirect_uri)?;
    steps.done(format!("{} characters, with state and iss", code.len()));

    steps.begin("token, ID token verified");
    let tokens = application.finish(begun, &code).await?;
    steps.done(format!("sub {}", tokens.subject));

    steps.begin("userinfo");
    let claims = application.userinfo(&tokens).await?;
    let initials = picture_of(&claims)?;
    fetch(&http, &initials).await?;
    steps.done(format!("{}, a picture from the start", claims["name"].as_str().unwrap_or_default()));

    steps.begin("photo uploaded");
    let first = upload(&application, &tokens, 40).await?;
    steps.done(&first);

    steps.begin("picture fetched");
    let shown = picture_of(&application.userinfo(&tokens).await?)?;
    if shown != first {
        return Err(Failure::new(format!("userinfo shows {shown} and not the photo that was just uploaded")));
    }
    steps.done(square(&fetch(&http, &first).await?)?);

    steps.begin("photo replaced");
    let second = upload(&application, &tokens, 210).await?;
    if second == first {
        return Err(Failure::new("the new photo has the address of the old one"));
    }
    fetch(&http, &second).await?;
    steps.done(&second);

    steps.begin("old object gone");
    gone(&http, &first).await?;
    fetch(&http, &second).await?;
    steps.done("404, and the new one is there");

    steps.begin("refresh");
    let renewed = application.refresh(&tokens).await?;
    if picture_of(&application.userinfo(&renewed).await?)? != second {
        return Err(Failure::new("after the refresh userinfo shows another picture"));
    }
    steps.done("new access token, same person, same picture");

    photos::walk(demo, &http, steps).await?;

    steps.begin("logout");
    let url = application.logout_url(&renewed, &demo.registration.post_logout_redirect_uri)?;
    let page = browser.get(&url).await?;
    let page = browser.follow(page, &issuer).await?;
    let back = page.location().ok_or_else(|| unexpected(&page, "a way back to the application"))?;
    if !back.as_str().starts_with(&demo.registration.post_logout_redirect_uri) {
        return Err(Failure::new(format!("signing out leads to {back}")));
    }
    let page = browser.get(&application.begin().url).await?;
    expect(browser.follow(page, &issuer).await?, "login")?;
    steps.done("the next sign-in asks for the password again");
    Ok(())
}

/// The page with this name, or what came instead.
fn expect(page: Page, name: &str) -> Result<Page, Failure> {
    if page.status == 200 && page.name().as_deref() == Some(name) {
        return Ok(page);
    }
    Err(unexpected(&page, &format!("the {name} page")))
}

fn unexpected(page: &Page, wanted: &str) -> Failure {
    let shown = page.name().unwrap_or_else(|| "nothing known".to_owned());
    Failure::new(format!("expected {wanted}, got {} ({shown}) at {}", page.status, page.url.path()))
}

/// The code of an answer that belongs to our request: <https://www.rfc-editor.org/rfc/rfc9207#section-2.4>
fn returned_code(page: &Page, state: &str, issuer: &str, redirect_uri: &str) -> Result<String, Failure> {
    let back = page.location().ok_or_else(|| unexpected(page, "a redirect to the application"))?;
    if !back.as_str().starts_with(redirect_uri) {
        return Err(Failure::new(format!("the answer goes to {back}")));
    }
    let value =
        |name: &str| back.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned());
    if value("state").as_deref() != Some(state) || value("iss").as_deref() != Some(issuer) {
        return Err(Failure::new("the answer lacks our state or the issuer"));
    }
    value("code").ok_or_else(|| {
        Failure::new(format!("the answer has no code: {}", value("error").unwrap_or_default()))
    })
}

fn picture_of(claims: &Value) -> Result<String, Failure> {
    claims["picture"].as_str().map(str::to_owned).ok_or_else(|| Failure::new("userinfo has no picture"))
}

async fn upload(application: &Application, tokens: &Tokens, hue: u8) -> Result<String, Failure> {
    let boundary = "visage-demo-boundary";
    let mut body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"disc.png\"\r\ncontent-type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend(picture::png(640, hue));
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    let answer = application
        .upload(tokens, &format!("multipart/form-data; boundary={boundary}"), Bytes::from(body))
        .await?;
    answer["picture"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("the answer to the upload names no picture"))
}

/// Anybody may fetch it: no cookie, no token.
pub(super) async fn fetch(http: &reqwest::Client, url: &str) -> Result<Bytes, Failure> {
    let failed = |e: reqwest::Error| Failure::new(format!("{url}: {e}"));
    let answer = http.get(url).send().await.map_err(failed)?;
    let kind =
        answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if answer.status() != 200 || !kind.starts_with("image/") {
        return Err(Failure::new(format!("{url} answers {} ({kind})", answer.status())));
    }
    answer.bytes().await.map_err(failed)
}

fn square(bytes: &[u8]) -> Result<String, Failure> {
    match picture::jpeg_size(bytes) {
        Some((512, 512)) => Ok(format!("JPEG 512x512, {} bytes", bytes.len())),
        other => Err(Failure::new(format!("the picture is not a JPEG of 512x512: {other:?}"))),
    }
}

/// The deletion queue runs after `photos.delete_after`; within ten seconds the old object answers 404.
async fn gone(http: &reqwest::Client, url: &str) -> Result<(), Failure> {
    for _ in 0..100 {
        let answer = http.get(url).send().await.map_err(|e| Failure::new(format!("{url}: {e}")))?;
        if answer.status() == 404 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Failure::new(format!("{url} is still there")))
}

/// The lines of the walk.
#[derive(Default)]
pub(super) struct Steps {
    current: Option<(&'static str, Stopwatch)>,
    whole: Stopwatch,
    count: usize,
}

impl Steps {
    pub fn begin(&mut self, name: &'static str) {
        self.current = Some((name, Stopwatch::default()));
    }

    pub fn done(&mut self, detail: impl std::fmt::Display) {
        if let Some((name, watch)) = self.current.take() {
            self.count += 1;
            output::line(format_args!("ok    {name:<25} {:>8.1} ms  {detail}", watch.milliseconds()));
        }
    }

    fn end(&mut self, outcome: &Result<(), Failure>) {
        if let (Some((name, watch)), Err(failure)) = (self.current.take(), outcome) {
            output::line(format_args!("FAIL  {name:<25} {:>8.1} ms  {failure}", watch.milliseconds()));
        }
        let words = if outcome.is_ok() { "every step held" } else { "it ends here" };
        output::line(format_args!(
            "{} steps in {:.1} s: {words}",
            self.count,
            self.whole.milliseconds() / 1000.0
        ));
    }
}
