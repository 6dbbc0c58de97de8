//! What `tests/load` compares Visage with, built with the same crates and the same allocator.
//!
//! - `yardstick serve PORT`: a plain actix handler that answers a small JSON document, by GET, and by POST after
//!   reading a form as the protocol's endpoints must;
//! - `yardstick es256`: makes ES256 signatures and prints how many; who started it looks at its CPU time;
//! - `yardstick photo FILE`: a JPEG of 12 megapixels, 4:2:0 and about 4 MB, like one from a telephone; a name that ends
//!   in `.png`, `.gif` or `.webp` gives 5 MB of that;
//! - `yardstick sign`: a client's key; prints its JWK set, then a token for each line of its input: the claims of a client
//!   assertion, or with `htm` among them those of a DPoP proof.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufWriter, Write},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use image::ImageFormat;
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
        ["sign"] => sign(),
        _ => Err("yardstick serve PORT | es256 | photo FILE | sign".into()),
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

#[expect(clippy::print_stdout, reason = "it is a program that answers on its output")]
fn es256() -> Outcome {
    const ROUNDS: u32 = 50_000;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let random = SystemRandom::new();
    let message = [7_u8; 400];
    for _ in 0..ROUNDS {
        std::hint::black_box(key.sign(&random, &message)?);
    }
    println!("{ROUNDS}");
    Ok(())
}

fn photo(file: &str) -> Outcome {
    let bytes = match ImageFormat::from_path(file)? {
        ImageFormat::Jpeg => tests::camera::twelve_megapixels()?,
        format => tests::camera::five_megabytes(format)?,
    };
    fs::write(file, bytes)?;
    Ok(())
}

fn sign() -> Outcome {
    let key = tests::ClientKey::new("load");
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", key.jwks())?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let claims: serde_json::Value = serde_json::from_str(&line?)?;
        let token = if claims["htm"].is_string() { key.proof(&claims) } else { key.sign("JWT", &claims) };
        writeln!(out, "{token}")?;
        // Who asks for one waits for it.
        out.flush()?;
    }
    Ok(())
}
