//! What commands read: passwords from standard input, JSON from files.

use std::{
    io::{BufRead, IsTerminal},
    path::Path,
};

use serde::de::DeserializeOwned;

use crate::{commands::output, failure::Failure};

/// A password from standard input, never from an argument, which every process list shows. On a terminal it is asked
/// for; its echo is the terminal's affair (`stty -echo`).
pub fn password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        output::note("Password (it will be visible; better: pipe it in), then Enter:");
    }
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::usage(
            "No password on standard input. Pipe it in: printf '%s' \"$PASSWORD\" | visage …",
        ));
    }
    Ok(password.to_owned())
}

pub fn file(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| Failure::new(format!("cannot read {}: {e}", path.display())))
}

pub fn json_file<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_str(&file(path)?).map_err(|e| {
        Failure::new(format!("{} does not hold the JSON that is expected here: {e}", path.display()))
    })
}
