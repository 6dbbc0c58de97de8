//! `/api/auth/profile/photo`: whatever is sent, the answer is clear, the current photo is safe, and what is stored is
//! ours alone.

use image::{GenericImageView, ImageFormat, metadata::Orientation};
use tests::{Answer, App, Engine, House, binary, on_both};
use visage::demo::picture;

#[expect(dead_code, reason = "the photo room's own tests use the rest")]
#[path = "../../../crates/photo/tests/photo/samples.rs"]
mod samples;

const LIMIT: usize = 5 * 1024 * 1024;

/// Everything that must be refused, by name.
fn evil() -> Vec<(&'static str, Vec<u8>)> {
    let good = samples::encode_jpeg(&samples::quarters(200, 200), false);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    let icc_bomb = [&b"x\0\0"[..], &samples::zeros(64 << 20)].concat();
    vec![
        ("nothing", Vec::new()),
        ("text", b"Hello, I am a photo.".to_vec()),
        ("SVG", svg.clone()),
        ("a truncated JPEG", good[..good.len() / 2].to_vec()),
        ("a JPEG of its first bytes", good[..20].to_vec()),
        ("a PDF", b"%PDF-1.7\n1 0 obj\n".to_vec()),
        ("HTML behind a GIF's first bytes", b"GIF89a<html><script>alert(1)</script>".to_vec()),
        ("a PNG of 50000x50000", samples::png(50_000, 50_000, 8, 2, &[], &samples::zeros(1 << 20))),
        (
            "a PNG with an iCCP bomb",
            samples::png(64, 64, 8, 2, &samples::chunk(b"iCCP", &icc_bomb), &samples::zeros(64 * 193)),
        ),
        ("a GIF with a huge canvas", samples::gif(65_535, 65_535, 1)),
        ("a progressive JPEG of many scans", samples::scan_bomb(4000, 2000)),
        ("a WebP that lies about its chunks", samples::webp_lying_chunk()),
        ("one byte too many", padded(LIMIT + 1)),
    ]
}

/// A good JPEG of exactly that many bytes: comments fill it up.
fn padded(size: usize) -> Vec<u8> {
    const COMMENT: usize = 60_000;
    let mut jpeg = samples::encode_jpeg(&samples::quarters(600, 600), false);
    while jpeg.len() + COMMENT + 4 <= size {
        jpeg = samples::with_segment(&jpeg, 0xfe, &[b'x'; COMMENT]);
    }
    let rest = size - jpeg.len();
    if rest >= 4 { samples::with_segment(&jpeg, 0xfe, &vec![b'x'; rest - 4]) } else { jpeg }
}

async fn picture_of(app: &App, token: &str) -> String {
    app.userinfo(token).await.expect(200).text("picture").to_owned()
}

on_both! {
    /// S125, S126 as pinned; I9; fault 5 of "what never happens": a refused upload leaves the current photo as it was.
    async fn what_is_refused_changes_nothing(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("uploading").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let token = tokens["access_token"].as_str().unwrap();
        let current = app.upload(token, picture::png(640, 10)).await.expect(200).text("picture").to_owned();
        for (name, bytes) in evil() {
            let answer = app.upload(token, bytes).await;
            assert_eq!(answer.status, 400, "{name}: {:#}", answer.body);
            assert!(answer.body["success"] == false && answer.body["error"].is_string(), "{name}");
            assert!(answer.text("message").len() > 10, "{name} has a sentence: {:#}", answer.body);
            assert_eq!(picture_of(&app, token).await, current, "{name}");
        }
        let url = house.url("/api/auth/profile/photo");
        let no_file = reqwest::multipart::Form::new().text("other", "x");
        Answer::of(house.http.post(&url).bearer_auth(token).multipart(no_file)).await.expect(400);
        let no_form = house.http.post(&url).bearer_auth(token).json(&serde_json::json!({}));
        Answer::of(no_form).await.expect(400);
        assert_eq!(house.http.get(&current).send().await.unwrap().status(), 200);
        // S124
        let anonymous = app.upload("not-a-token", picture::png(64, 1)).await.expect(401);
        assert!(anonymous.headers.contains_key("www-authenticate"));
        let narrow = app.tokens(&person, "openid email").await;
        app.upload(narrow["access_token"].as_str().unwrap(), picture::png(64, 1)).await.expect_error(403, "insufficient_scope");
    }

    /// S125: the limit itself passes.
    async fn five_mebibytes_exactly(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("uploading").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let bytes = padded(LIMIT);
        assert_eq!(bytes.len(), LIMIT);
        app.upload(tokens["access_token"].as_str().unwrap(), bytes).await.expect(200);
    }
}

/// S132, S134: however the camera was held the picture is upright, square, a JPEG of ours, and tells nobody where it was taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upright_and_without_metadata() {
    let house = House::start(Engine::Sqlite).await;
    let person = house.person("grace@example.org").await;
    let app = house.app("uploading").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    let upright = samples::quarters(640, 640);
    for number in 1..=8u8 {
        let orientation = Orientation::from_exif(number).unwrap();
        let jpeg = samples::jpeg_with_exif(&samples::held(&upright, orientation), number);
        assert!(jpeg.windows(12).any(|window| window == b"SECRET-PLACE"), "the original has it");
        let url = app.upload(token, jpeg).await.expect(200).text("picture").to_owned();
        let answer = house.http.get(url).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff"); // S133
        let bytes = answer.bytes().await.unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"SECRET" || window == b"Exif\0\0"));
        let stored = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap();
        assert_eq!(stored.dimensions(), (512, 512));
        for ((x, y), expected) in [
            ((128, 128), samples::RED),
            ((384, 128), samples::GREEN),
            ((128, 384), samples::BLUE),
            ((384, 384), samples::YELLOW),
        ] {
            let found = stored.get_pixel(x, y).0;
            let far = (0..3).any(|i| found[i].abs_diff(expected[i]) > 24);
            assert!(!far, "orientation {number} at {x},{y}: {found:?} is not {expected:?}");
        }
    }
    house.stop().await;
}

/// Peak memory of a real server under everything evil, several at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_in_bounds() {
    const BOUND_KIB: u64 = 320 * 1024;
    let place = crate::crashes::Place::new(Engine::Sqlite).await;
    let person = place.person("grace@example.org");
    let app = place.app("uploading", &[]);
    let server = place.start().await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    for (name, bytes) in evil() {
        let uploads = futures_util::future::join_all((0..4).map(|_| app.upload(token, bytes.clone()))).await;
        for answer in uploads {
            assert!(matches!(answer.status, 400 | 503), "{name}: {} {:#}", answer.status, answer.body);
        }
    }
    let peak = binary::peak_memory_kib(server.id());
    assert!(peak < BOUND_KIB, "peak memory {peak} KiB");
    assert_eq!(server.terminate(), Some(0));
}
