//! Standard output and standard error, in one place, so that the rest of the binary cannot print by accident.

use std::io::Write;

use serde::Serialize;

use crate::failure::Failure;

/// A line on standard output. A reader that has gone away (`| head`) is no error of ours.
pub fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line on standard error.
pub fn note(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

pub fn error(failure: &Failure) {
    note(format_args!("error: {failure}"));
}

pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
    line(text);
    Ok(())
}

/// Something that moves on standard error while work goes on whose length nobody knows; nothing unless it is a terminal.
pub fn working(what: &'static str) -> Working {
    let bar = indicatif::ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    Working(bar)
}

/// Gone, with its line, when it is dropped.
pub struct Working(indicatif::ProgressBar);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How far work of known length is, with its rate and the time that is left; nothing unless standard error is a terminal.
pub fn bar(what: &'static str, length: u64) -> Bar {
    let bar = indicatif::ProgressBar::new(length).with_message(what);
    let looks = "{msg} {wide_bar} {pos}/{len}  {rate}  {eta} left";
    if let Ok(style) = indicatif::ProgressStyle::with_template(looks) {
        bar.set_style(style.with_key("rate", rate));
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(250));
    Bar(bar)
}

/// The same for work whose length nobody knows: how much is done.
pub fn count(what: &'static str) -> Bar {
    let bar = indicatif::ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {msg}: {pos}  {rate}") {
        bar.set_style(style.with_key("rate", rate));
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(250));
    Bar(bar)
}

fn rate(state: &indicatif::ProgressState, text: &mut dyn std::fmt::Write) {
    let _ = write!(text, "{:.0}/s", state.per_sec());
}

/// Gone, with its line, when it is dropped.
pub struct Bar(indicatif::ProgressBar);

impl Bar {
    pub fn advance(&self, by: u64) {
        self.0.inc(by);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// `1.5 MB`
pub fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}

/// `1 picture`, `2 pictures`.
pub fn counted<N: std::fmt::Display + PartialEq + From<u8>>(count: N, one: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {one}{ending}")
}

/// Columns, padded to their widest cell.
pub fn table(header: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let write_row = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        line(text.trim_end());
    };
    write_row(&mut header.iter().copied());
    for row in rows {
        write_row(&mut row.iter().map(String::as_str));
    }
}

/// Microseconds as people read them: `2026-11-21 13:34:05Z`.
pub fn time(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros)
        .map_or_else(|| "?".to_owned(), |time| time.format("%Y-%m-%d %H:%M:%SZ").to_string())
}
