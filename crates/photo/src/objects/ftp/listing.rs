//! Listings of FTP servers: the one for programs (MLSD, RFC 3659) and the one for people (LIST), which has no format.

use protocol::Micros;
use std::time::UNIX_EPOCH;
use suppaftp::list::{File, ListParser};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub name: String,
    pub is_folder: bool,
    pub bytes: u64,
    pub written_at: Micros,
}

/// A line that cannot be read: leaving it out would make an object look lost.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// `type=file;size=3;modify=20261121170000; name`. `None`: neither a file nor a folder in here.
///
/// <https://www.rfc-editor.org/rfc/rfc3659#section-7.2>
pub(super) fn mlsd(line: &str) -> Result<Option<Entry>, Unreadable> {
    let (facts, name) = line.split_once(' ').ok_or(Unreadable)?;
    let (mut kind, mut bytes, mut written_at) = (String::new(), 0, 0);
    for (fact, value) in facts.split(';').filter_map(|fact| fact.split_once('=')) {
        match fact.to_ascii_lowercase().as_str() {
            "type" => kind = value.to_ascii_lowercase(),
            "size" => bytes = value.parse().map_err(|_| Unreadable)?,
            "modify" => written_at = moment(value)?,
            _ => {}
        }
    }
    match kind.as_str() {
        "file" => Ok(Some(Entry { name: name.to_owned(), is_folder: false, bytes, written_at })),
        "dir" => Ok(Some(Entry { name: name.to_owned(), is_folder: true, bytes: 0, written_at })),
        "" => Err(Unreadable),
        _ => Ok(None),
    }
}

/// `YYYYMMDDHHMMSS[.sss]`, in UTC; the fraction is left off, since old files are what is looked for.
fn moment(text: &str) -> Result<Micros, Unreadable> {
    let whole = text.get(..14).ok_or(Unreadable)?;
    let line = format!("type=file;modify={whole}; x");
    let file = ListParser::parse_mlsd(&line).map_err(|_| Unreadable)?;
    Ok(micros(&file))
}

/// As `ls -l` or as DOS writes it.
pub(super) fn list(line: &str) -> Result<Option<Entry>, Unreadable> {
    // The sum in front; devices, pipes and sockets.
    if line.starts_with("total ") || line.starts_with(['b', 'c', 'p', 's']) {
        return Ok(None);
    }
    let file =
        ListParser::parse_posix(line).or_else(|_| ListParser::parse_dos(line)).map_err(|_| Unreadable)?;
    if file.is_symlink() || matches!(file.name(), "." | "..") {
        return Ok(None);
    }
    Ok(Some(Entry {
        name: file.name().to_owned(),
        is_folder: file.is_directory(),
        bytes: file.size() as u64,
        written_at: micros(&file),
    }))
}

fn micros(file: &File) -> Micros {
    let since = file.modified().duration_since(UNIX_EPOCH);
    since.ok().and_then(|since| Micros::try_from(since.as_micros()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(
        name: &str,
        is_folder: bool,
        bytes: u64,
        written_at: Micros,
    ) -> Result<Option<Entry>, Unreadable> {
        Ok(Some(Entry { name: name.to_owned(), is_folder, bytes, written_at }))
    }

    const NOON: Micros = 1_785_585_600_000_000; // 2026-08-01 12:00 UTC

    #[test]
    fn lines_for_programs() {
        // pyftpdlib, ProFTPD, FileZilla.
        let line = "modify=20260801120000;perm=r;size=3;type=file;unique=801g1; a b.jpg";
        assert_eq!(mlsd(line), entry("a b.jpg", false, 3, NOON));
        let line = "Modify=20260801120000.123;Type=dir;UNIX.mode=0755; owner";
        assert_eq!(mlsd(line), entry("owner", true, 0, NOON));
        assert_eq!(mlsd("type=cdir;modify=20260801120000; ."), Ok(None));
        assert_eq!(mlsd("type=OS.unix=slink:/x;size=1; link"), Ok(None));
        assert_eq!(mlsd("drwxr-xr-x 2 0 0 4096 Aug 01 2026 x"), Err(Unreadable));
    }

    #[test]
    fn lines_for_people() {
        let midnight = NOON - 12 * 3_600_000_000;
        let line = "-rw-r--r--    1 103      111       3000000 Aug 01  2026 a b.jpg";
        assert_eq!(list(line), entry("a b.jpg", false, 3_000_000, midnight));
        let line = "drwxr-xr-x    2 103      111          4096 Aug 01  2026 owner";
        assert!(list(line).unwrap().unwrap().is_folder);
        assert_eq!(list("total 12"), Ok(None));
        assert_eq!(list("lrwxrwxrwx 1 0 0 3 Aug 01  2026 a -> b"), Ok(None));
        let line = "08-01-26  12:00PM                 3000000 a.jpg";
        assert_eq!(list(line), entry("a.jpg", false, 3_000_000, NOON));
        assert_eq!(list("what is this"), Err(Unreadable));
    }
}
