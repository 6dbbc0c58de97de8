//! A graceful stop: no request is cut, no write is lost (F15).

use std::time::Duration;

use tests::Engine;
use visage::demo::picture;

use super::{Place, on_both_engines};

on_both_engines!(sigterm);

// F15
async fn sigterm(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app("stopping", &[]);
    let server = place.start().await;
    let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
    let (uploading, bearer, bytes) = (app.clone(), token.clone(), picture::png(900, 90));
    let upload = tokio::spawn(async move { uploading.upload(&bearer, bytes).await });
    // The upload is under way, then the server is asked to stop.
    tokio::time::sleep(Duration::from_millis(40)).await;
    let stopped = tokio::task::spawn_blocking(move || server.terminate());
    let answer = upload.await.unwrap().expect(200);
    assert_eq!(stopped.await.unwrap(), Some(0), "the exit code of a graceful stop");

    let server = place.start().await;
    assert_eq!(app.userinfo(&token).await.expect(200).text("picture"), answer.text("picture"));
    assert_eq!(server.terminate(), Some(0));
}
