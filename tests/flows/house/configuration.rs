//! The example configuration in `deploy/` loads, and says nothing that is not so.

use std::path::Path;

use visage::config::Loaded;

#[test]
fn the_example_in_deploy_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/visage.toml");
    let loaded = Loaded::load(Some(&path), []).expect("deploy/visage.toml is a configuration");
    assert!(loaded.config.server.public_url.issuer().starts_with("https://"), "an example for production");
}

/// Every setting that the example shows, commented out or not, exists.
#[test]
fn the_example_in_deploy_names_real_settings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/visage.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('#').trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            let path = format!("{section}.{key}");
            assert!(visage::config::settings().any(|s| s.describes(&path)), "{path} is no setting");
        }
    }
}

/// The unit starts what the example configures: where `serve` does not migrate, the unit does so before.
#[test]
fn the_unit_in_deploy_agrees_with_the_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let unit = std::fs::read_to_string(folder.join("visage.service")).unwrap();
    let loaded = Loaded::load(Some(&folder.join("visage.toml")), []).unwrap();
    let values = |name: &str| -> Vec<String> {
        let prefix = format!("{name}=");
        unit.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
    };
    let program = "/usr/local/bin/visage --config /etc/visage/visage.toml";
    assert_eq!(values("ExecStart"), [format!("{program} serve")]);
    let migrates = values("ExecStartPre") == [format!("{program} migrate")];
    assert_eq!(migrates, !loaded.config.database.auto_migrate, "somebody migrates, and only one");

    let seconds = |name: &str| values(name)[0].parse::<u64>().unwrap();
    let server = &loaded.config.server;
    assert!(seconds("TimeoutStopSec") > (server.drain.0 + server.shutdown_timeout.0).as_secs());
    let state = format!("/var/lib/{}", values("StateDirectory")[0]);
    assert_eq!(values("WorkingDirectory"), std::slice::from_ref(&state));
    assert!(loaded.config.keys.dir.starts_with(&state), "what it keeps is where it may write");
}
