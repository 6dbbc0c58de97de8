//! What `tests/load` compares Visage with, built with the same crates and the same allocator.
//!
//! - `yardstick serve PORT`: a plain actix handler that answers a small JSON document, by GET, and by POST after
//!   reading a form as the protocol's endpoints must;
//! - `yardstick es256`: what one ES256 signature costs here, in microseconds;
//! - `yardstick photo FILE`: a JPEG of 12 megapixels, 4:2:0 and about 4 MB, like one from a telephone.

use std::{error::Error, fs, time::Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", port] => serve(port.parse()?),
        ["es256"] => es256(),
        ["photo", file] => photo(file),
        _ => Err("yardstick serve PORT | es256 | photo FILE".into()),
    }
}

/// As much as userinfo says of a person.
#[derive(Serialize)]
struct Person {
    sub: &'static str,
    name: &'static str,
    email: &'static str,
    email_verified: bool,
    picture: &'static str,
    updated_at: i64,
}

const PERSON: Person = Person {
    sub: "9w2kq0v3m5c8x1z7b4n6",
    name: "Ada Lovelace",
    email: "ada@example.test",
    email_verified: true,
    picture: "http://localhost:8080/media/profile-photos/6h2k9/1790000000000-q8w7e6r5t4.jpg",
    updated_at: 1_790_000_000,
};

#[derive(Deserialize)]
struct Sent {
    token: String,
}

fn serve(port: u16) -> Outcome {
    let server = || {
        HttpServer::new(|| {
            App::new().service(
                web::resource("/").route(web::get().to(async || HttpResponse::Ok().json(PERSON))).route(
                    web::post().to(async |sent: web::Form<Sent>| {
                        HttpResponse::Ok().insert_header(("x-length", sent.token.len())).json(PERSON)
                    }),
                ),
            )
        })
        .bind(("127.0.0.1", port))
    };
    actix_web::rt::System::new().block_on(async { server()?.run().await })?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "its output is the measurement")]
#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn es256() -> Outcome {
    const ROUNDS: u32 = 20_000;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let random = SystemRandom::new();
    let message = [7_u8; 400];
    key.sign(&random, &message)?;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(key.sign(&random, &message)?);
    }
    println!("{:.2}", began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
    Ok(())
}

/// Hills of three sizes and the grain of a sensor, from a generator that always starts alike.
fn photo(file: &str) -> Outcome {
    const WIDTH: usize = 4000;
    const HEIGHT: usize = 3000;
    let mut state = 0x2545_f491_u32;
    let mut grain = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state & 0xff) as f32 / 255.0 - 0.5
    };
    let mut pixels = Vec::with_capacity(WIDTH * HEIGHT * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (x, y) = (x as f32, y as f32);
            let hills = (x / 611.0).sin() * (y / 433.0).cos() * 60.0
                + (x / 71.0 + y / 97.0).sin() * 22.0
                + (x / 9.0 - y / 13.0).sin() * 7.0;
            let noise = grain() * 26.0;
            for tint in [128.0, 112.0, 96.0] {
                pixels.push((tint + hills + noise).clamp(0.0, 255.0) as u8);
            }
        }
    }
    let mut encoded = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut encoded, 88);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
    encoder.encode(&pixels, WIDTH as u16, HEIGHT as u16, jpeg_encoder::ColorType::Rgb)?;
    fs::write(file, encoded)?;
    Ok(())
}
