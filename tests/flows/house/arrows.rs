//! The ground plan of `docs/architecture.md` holds: dependencies point down only, some crates live in one room only,
//! and there is one TLS stack.

use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Rooms by storey; a room may know those below it, never one of its own storey.
const STOREYS: &[&[&str]] = &[
    &["protocol"],
    &["store", "keyring", "views"],
    &["web"],
    &["authorization-server", "profile", "photo", "account"],
    &["visage"],
];

/// What is only in one room (docs/architecture.md).
const ONLY_HERE: &[(&str, &str)] = &[
    ("aws-lc-rs", "keyring"),
    ("jsonwebtoken", "keyring"),
    ("argon2", "keyring"),
    ("diesel", "store"),
    ("diesel-async", "store"),
    ("askama", "views"),
    ("fluent-bundle", "views"),
    ("image", "photo"),
    ("google-cloud-storage", "photo"),
    ("clap", "visage"),
    ("openidconnect", "visage"),
];

fn rooms() -> Vec<Package> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let rooms: Vec<_> = metadata.packages.into_iter().filter(|package| *package.name != "tests").collect();
    assert!(rooms.len() >= 10, "the rooms are found");
    rooms
}

fn storey(name: &str) -> Option<usize> {
    STOREYS.iter().position(|storey| storey.contains(&name))
}

#[test]
fn dependencies_point_down_only() {
    for room in rooms() {
        let own = storey(&room.name).unwrap_or_else(|| panic!("{} has no storey", room.name));
        for dependency in &room.dependencies {
            let Some(other) = storey(&dependency.name) else { continue };
            assert!(other < own, "{} must not know {}", room.name, dependency.name);
        }
    }
}

#[test]
fn some_crates_live_in_one_room() {
    for room in rooms() {
        for dependency in room.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            for (name, home) in ONLY_HERE {
                assert!(
                    dependency.name != *name || *room.name == **home,
                    "{} must not use {name}",
                    room.name
                );
            }
        }
    }
}

/// DESIGN: rustls with aws-lc-rs, alone. `ring` and OpenSSL may stand in Cargo.lock, but nothing compiles them.
#[test]
fn there_is_one_tls_stack() {
    for foreign in ["ring", "openssl-sys", "native-tls", "pq-sys"] {
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--workspace", "--edges", "normal,build", "--target", "all", "--invert", foreign])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&tree.stdout);
        // A crate that nothing needs is an error (not in the graph) or an empty tree.
        assert!(text.trim().is_empty(), "{foreign} is compiled:\n{text}");
    }
}
