//! One control connection to an FTP server, and what is asked over it. A session that answered with an error is not used
//! again: nobody knows what the server will say next.

use super::listing::{self, Entry};
use super::tls::{self, Drained};
use crate::objects::{FtpAddress, ObjectError};
use bytes::Bytes;
use keyring::Secret;
use std::io::ErrorKind;
use std::time::Duration;
use suppaftp::tokio::AsyncRustlsFtpStream;
use suppaftp::tokio_rustls::rustls::ClientConfig;
use suppaftp::types::FileType;
use suppaftp::{FtpError, Mode, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where uploads lie until they are whole. No object's name begins so.
pub(super) const PARTS: &str = "visage-parts";
/// For the server to say why it closed a data connection.
const REASON: Duration = Duration::from_secs(1);

pub(super) struct Session {
    ftp: AsyncRustlsFtpStream,
    /// The server lists files for programs (RFC 3659), with exact times.
    has_mlsd: bool,
}

/// What became of a [`Session::put`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    Stored,
    /// Another object has the name.
    Taken,
}

impl Session {
    pub async fn open(
        address: &FtpAddress,
        password: &Secret,
        tls: Option<&ClientConfig>,
    ) -> Result<Self, FtpError> {
        let tcp = TcpStream::connect((address.host.as_str(), address.port)).await;
        let tcp = tcp.map_err(FtpError::ConnectionError)?;
        tcp.set_nodelay(true).map_err(FtpError::ConnectionError)?;
        let is_v6 = tcp.peer_addr().is_ok_and(|peer| peer.is_ipv6());
        let mut ftp = AsyncRustlsFtpStream::connect_with_stream(tcp).await?;
        ftp.set_mode(if is_v6 { Mode::ExtendedPassive } else { Mode::Passive });
        // Data connections go to the server that we know, whatever address it names.
        ftp.set_passive_nat_workaround(true);
        if let Some(config) = tls {
            ftp = ftp.into_secure(tls::connector(config), &address.host).await?;
        }
        ftp.login(address.user.as_str(), password.expose()).await?;
        ftp.transfer_type(FileType::Binary).await?;
        // The crate's `feat` waits for a second line where servers send but one.
        let has_mlsd = match ftp.custom_command("FEAT", &[]).await {
            Err(FtpError::UnexpectedResponse(answer)) => {
                answer.status == Status::System && String::from_utf8_lossy(&answer.body).contains("MLS")
            }
            other => other.map(|_| false)?,
        };
        let mut session = Self { ftp, has_mlsd };
        if !address.folder.is_empty() && refused(session.ftp.cwd(&address.folder).await)?.is_none() {
            session.make_folders(&address.folder).await?;
            session.ftp.cwd(&address.folder).await?;
        }
        session.make_folders(PARTS).await?;
        Ok(session)
    }

    /// The server may have closed an idle connection; then it has said so already.
    pub async fn is_alive(&mut self) -> bool {
        tokio::time::timeout(REASON, self.ftp.noop()).await.is_ok_and(|answer| answer.is_ok())
    }

    /// FTP can neither refuse to overwrite nor store at once: a look first, then a name of its own, its size, and the
    /// right name. Between the look and the renaming another node may come; names are random, so none does.
    pub async fn put(&mut self, name: String, body: Bytes, part: String) -> Result<Put, FtpError> {
        if let Some(size) = refused(self.ftp.size(&name).await)? {
            let same = size == body.len() && self.read(&name, size).await? == body;
            return Ok(if same { Put::Stored } else { Put::Taken });
        }
        let part = format!("{PARTS}/{part}.part");
        self.write(&part, &body).await?;
        if self.ftp.size(&part).await? != body.len() {
            return Err(cut_short("the server has stored an upload only in part"));
        }
        if refused(self.ftp.rename(&part, &name).await)?.is_none() {
            self.make_folders(parent(&name)).await?;
            self.ftp.rename(&part, &name).await?;
        }
        Ok(Put::Stored)
    }

    /// `None`: not there. The size alone, if it is more than `most`.
    pub async fn get(&mut self, name: String, most: usize) -> Result<Option<Result<Bytes, usize>>, FtpError> {
        match self.size(&name).await? {
            None => Ok(None),
            Some(size) if size > most => Ok(Some(Err(size))),
            Some(size) => self.read(&name, size).await.map(|body| Some(Ok(body))),
        }
    }

    pub async fn exists(&mut self, name: String) -> Result<bool, FtpError> {
        Ok(self.size(&name).await?.is_some())
    }

    /// `false`: it was not there.
    pub async fn delete(&mut self, name: String) -> Result<bool, FtpError> {
        let answer = self.ftp.rm(&name).await;
        self.unless_absent(answer, &name).await.map(|done| done.is_some())
    }

    /// What is in a folder, in the order of names; nothing, if there is no such folder. `""` is where the objects lie.
    pub async fn folder(&mut self, name: &str) -> Result<Vec<Entry>, FtpError> {
        let path = Some(name.trim_end_matches('/')).filter(|path| !path.is_empty());
        let lines = if self.has_mlsd { self.ftp.mlsd(path).await } else { self.ftp.list(path).await };
        let lines = match lines {
            Err(error) => refused(Err(self.reason(error).await))?.unwrap_or_default(),
            Ok(lines) => lines,
        };
        let mut entries = Vec::new();
        for line in &lines {
            let entry = if self.has_mlsd { listing::mlsd(line) } else { listing::list(line) };
            entries.extend(entry.map_err(|_| FtpError::BadResponse)?);
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Times in a listing for people have no zone; the exact time of one file tells how far they are off.
    pub async fn clock_error(&mut self, name: &str, listed: i64) -> Result<i64, FtpError> {
        const QUARTER: i64 = 15 * 60 * 1_000_000;
        if self.has_mlsd {
            return Ok(0);
        }
        match self.ftp.mdtm(name).await {
            Ok(exact) => {
                let apart = exact.and_utc().timestamp_micros() - listed;
                Ok((apart + QUARTER / 2).div_euclid(QUARTER) * QUARTER)
            }
            Err(FtpError::UnexpectedResponse(_) | FtpError::BadResponse) => Ok(0),
            Err(error) => Err(error),
        }
    }

    async fn size(&mut self, name: &str) -> Result<Option<usize>, FtpError> {
        let answer = self.ftp.size(name).await;
        self.unless_absent(answer, name).await
    }

    /// "550" may mean that there is no such file, or that we may not have it: the folder tells.
    async fn unless_absent<T>(
        &mut self,
        answer: Result<T, FtpError>,
        name: &str,
    ) -> Result<Option<T>, FtpError> {
        let refusal = match answer {
            Err(FtpError::UnexpectedResponse(answer)) if answer.status == Status::FileUnavailable => answer,
            other => return other.map(Some),
        };
        let own = name.rsplit('/').next().unwrap_or(name);
        let is_there =
            self.folder(parent(name)).await?.iter().any(|entry| entry.name == own && !entry.is_folder);
        if is_there { Err(FtpError::UnexpectedResponse(refusal)) } else { Ok(None) }
    }

    async fn read(&mut self, name: &str, size: usize) -> Result<Bytes, FtpError> {
        let mut stream = match self.ftp.retr_as_stream(name).await {
            Ok(stream) => stream,
            Err(error) => return Err(self.reason(error).await),
        };
        let mut body = Vec::with_capacity(size);
        match (&mut stream).take(size as u64 + 1).read_to_end(&mut body).await {
            // Servers forget to say farewell; whether all has come, the size tells.
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                return Err(FtpError::ConnectionError(error));
            }
            _ => {}
        }
        self.ftp.finalize_retr_stream(stream).await?;
        if body.len() == size { Ok(body.into()) } else { Err(cut_short("a download ended early")) }
    }

    async fn write(&mut self, name: &str, body: &[u8]) -> Result<(), FtpError> {
        let stream = match self.ftp.put_with_stream(name).await {
            Ok(stream) => stream,
            Err(error) => return Err(self.reason(error).await),
        };
        let mut stream = Drained::new(stream);
        stream.write_all(body).await.map_err(FtpError::ConnectionError)?;
        self.ftp.finalize_put_stream(stream).await
    }

    /// One after the other; one that exists already is refused, which is as good.
    async fn make_folders(&mut self, path: &str) -> Result<(), FtpError> {
        for (end, _) in path.match_indices('/').filter(|(end, _)| *end > 0).chain([(path.len(), "")]) {
            refused(self.ftp.mkdir(&path[..end]).await)?;
        }
        Ok(())
    }

    /// A server that refuses a transfer may close the data connection before its answer is read; the answer says more.
    async fn reason(&mut self, error: FtpError) -> FtpError {
        if matches!(error, FtpError::UnexpectedResponse(_)) {
            return error;
        }
        match tokio::time::timeout(REASON, self.ftp.read_response_in(&[])).await {
            Ok(Err(FtpError::UnexpectedResponse(answer))) if answer.status.code() >= 400 => {
                FtpError::UnexpectedResponse(answer)
            }
            _ => error,
        }
    }
}

/// `None`: the server does not find a file or folder, or has it already. That we may not is an error.
fn refused<T>(answer: Result<T, FtpError>) -> Result<Option<T>, FtpError> {
    let answer = match answer {
        Err(FtpError::UnexpectedResponse(answer)) => answer,
        other => return other.map(Some),
    };
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    let forbids = ["denied", "permi", "privilege"].iter().any(|word| text.contains(word));
    match answer.status {
        Status::FileUnavailable | Status::BadFilename if !forbids => Ok(None),
        Status::RequestFileActionIgnored | Status::BadArguments if text.contains("no such") => Ok(None),
        _ => Err(FtpError::UnexpectedResponse(answer)),
    }
}

fn cut_short(what: &str) -> FtpError {
    FtpError::ConnectionError(std::io::Error::new(ErrorKind::UnexpectedEof, what))
}

fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What the room above is told.
pub(super) fn failed(error: FtpError) -> ObjectError {
    match &error {
        FtpError::ConnectionError(cause) if cause.kind() == ErrorKind::TimedOut => ObjectError::Timeout,
        FtpError::ConnectionError(_) | FtpError::BadResponse | FtpError::DataConnectionAlreadyOpen => {
            ObjectError::Unavailable(error.into())
        }
        // A certificate that we do not trust stays so; a connection that broke in the handshake does not.
        FtpError::SecureError(what) if what.contains("certificate") => ObjectError::Denied(error.into()),
        FtpError::SecureError(_) => ObjectError::Unavailable(error.into()),
        FtpError::UnexpectedResponse(answer) => match answer.status {
            Status::InvalidCredentials | Status::NotLoggedIn | Status::StoringNeedAccount => {
                ObjectError::Denied(error.into())
            }
            Status::FileUnavailable | Status::BadFilename => ObjectError::Denied(error.into()),
            status if (400..500).contains(&status.code()) => ObjectError::Unavailable(error.into()),
            _ => ObjectError::Other(error.into()),
        },
        FtpError::InvalidAddress(_) => ObjectError::Other(error.into()),
    }
}
