//! What single steps cost: `cargo bench -p tests`. Whole requests are measured by `tests/load`.

use criterion::{Criterion, criterion_group, criterion_main};
use keyring::{AccessClaims, Audience, MasterKey, Purpose, Random, Ring, State, Token, generate};
use protocol::SigningAlg;
use store::{Settings, Store, Subject};

const NOW: i64 = 1_800_000_000_000_000;

fn ring() -> Ring {
    let (master, random) = (MasterKey::from_bytes(&[7; 32]), Random::seeded(1));
    let rows: Vec<_> = Purpose::ALL
        .into_iter()
        .map(|purpose| generate(purpose, &master, &random).at(State::Current, NOW))
        .collect();
    let ring = Ring::new("https://visage.example", master);
    ring.replace(&rows).expect("fresh rows open");
    ring
}

fn claims() -> AccessClaims {
    AccessClaims {
        iss: "https://visage.example".into(),
        sub: "9w2kq0v3m5c8x1z7b4n6".into(),
        aud: Audience::One("https://visage.example".into()),
        client_id: "photo-wall".into(),
        jti: "p0o9i8u7y6t5r4e3w2q1".into(),
        iat: NOW / 1_000_000,
        exp: NOW / 1_000_000 + 600,
        scope: "openid profile email".into(),
        gid: Some("a1s2d3f4g5h6j7k8l9".into()),
        gcl: None,
        cnf: None,
        act: None,
        authorization_details: None,
        acr: None,
        auth_time: None,
    }
}

fn tokens(c: &mut Criterion) {
    let ring = ring();
    for alg in SigningAlg::ALL {
        c.bench_function(&format!("sign an access token, {}", alg.as_str()), |b| {
            b.iter(|| ring.sign(alg, Token::Access, &claims()).expect("signed"));
        });
        let token = ring.sign(alg, Token::Access, &claims()).expect("signed");
        c.bench_function(&format!("verify an access token, {}", alg.as_str()), |b| {
            b.iter(|| ring.verify_access_token(&token, NOW).expect("verified"));
        });
    }
    let token = ring.sign(SigningAlg::ES256, Token::Access, &claims()).expect("signed");
    c.bench_function("digest of an access token", |b| b.iter(|| keyring::digest(token.as_bytes())));
}

fn database(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::new(format!("sqlite://{}/bench.db", folder.path().display()));
    let store = runtime.block_on(Store::open_migrated(&settings)).expect("a database");
    let stamp = store.freshness().stamp(&[Subject::User("ada".into()), Subject::Grant("g".into())]);
    c.bench_function("is a kept value still fresh", |b| b.iter(|| store.freshness().holds(&stamp)));
    c.bench_function("one read, SQLite", |b| {
        b.iter(|| runtime.block_on(store.setting("nothing")).expect("read"))
    });
    c.bench_function("one durable write, SQLite", |b| {
        b.iter(|| runtime.block_on(store.put_setting("bench", "value")).expect("written"));
    });
    c.bench_function("64 durable writes at once, SQLite", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let all: Vec<_> = (0..64)
                    .map(|number| {
                        let store = store.clone();
                        tokio::spawn(
                            async move { store.put_setting(&format!("bench-{number}"), "value").await },
                        )
                    })
                    .collect();
                for one in all {
                    one.await.expect("joined").expect("written");
                }
            });
        });
    });
}

fn photos(c: &mut Criterion) {
    let bytes = tests::camera::twelve_megapixels().expect("encoded");
    let limits = photo::image::Limits::default();
    c.bench_function("a JPEG of 12 megapixels to its variants", |b| {
        b.iter(|| {
            let inspected =
                photo::image::inspect(&bytes, photo::image::Shape::Square(None), &limits).expect("accepted");
            photo::image::render(&inspected, &limits).expect("rendered")
        });
    });
}

fn slow() -> Criterion {
    Criterion::default().sample_size(10)
}

criterion_group!(fast_steps, tokens, database);
criterion_group!(name = slow_steps; config = slow(); targets = photos);
criterion_main!(fast_steps, slow_steps);
