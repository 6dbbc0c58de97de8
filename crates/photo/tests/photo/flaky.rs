//! Proxies in front of real servers that fail on order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// HTTP: answered with this status. FTP: with this code, and the session is over.
    Status(u16),
    /// The connection breaks before anything is done.
    Reset,
    /// Nothing ever comes.
    Hang,
    /// Done, and then the connection breaks before the answer.
    Lost,
    /// FTP: the connection breaks at this command, before the server has seen it.
    Before(&'static str),
    /// FTP: the server has done it, and then the connection breaks.
    After(&'static str),
    /// FTP: silence from this command on.
    Silent(&'static str),
    /// FTP: the data connection ends after so many bytes, as if all had been sent.
    CutData(usize),
}

#[derive(Debug, Clone)]
pub struct Flaky {
    /// `127.0.0.1:PORT`
    pub address: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Flaky {
    /// In front of a server that speaks HTTP; each connection is for one request.
    pub async fn http(upstream: &str) -> Self {
        Self::start(upstream, |client, upstream, faults| async move { http(client, upstream, faults).await })
            .await
    }

    /// In front of an FTP server without TLS.
    pub async fn ftp(upstream: &str) -> Self {
        Self::start(upstream, |client, upstream, faults| async move { ftp(client, upstream, faults).await })
            .await
    }

    pub fn order(&self, fault: Fault, count: usize) {
        self.faults.lock().unwrap().extend(std::iter::repeat_n(fault, count));
    }

    pub fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// How many faults nobody has met yet.
    pub fn waiting(&self) -> usize {
        self.faults.lock().unwrap().len()
    }

    async fn start<F, W>(upstream: &str, serve: W) -> Self
    where
        W: Fn(TcpStream, String, Faults) -> F + Send + 'static,
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let flaky = Self { address, faults: Arc::default() };
        let (faults, upstream) = (Faults(Arc::clone(&flaky.faults)), upstream.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, upstream.clone(), faults.clone()));
            }
        });
        flaky
    }
}

#[derive(Clone)]
struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// The next one, if it is of this kind.
    fn next(&self, wanted: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap();
        let is_wanted = faults.front().is_some_and(|fault| wanted(*fault));
        if is_wanted { faults.pop_front() } else { None }
    }
}

async fn http(client: TcpStream, upstream: String, faults: Faults) -> Option<()> {
    let mut client = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let fault = faults.next(|_| true);
    if fault == Some(Fault::Reset) {
        return None;
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body).await.ok()?;
    match fault {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Status(status)) => {
            let answer =
                format!("HTTP/1.1 {status} Ordered\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return client.write_all(answer.as_bytes()).await.ok();
        }
        _ => {}
    }
    let mut server = TcpStream::connect(upstream).await.ok()?;
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.ok()?;
    server.write_all(&body).await.ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.ok()?;
    if fault.is_some() {
        return None;
    }
    client.write_all(&answer).await.ok()
}

/// Commands one by one, each with its answer; answers that come by themselves (at the end of a transfer) pass.
async fn ftp(client: TcpStream, upstream: String, faults: Faults) -> Option<()> {
    let mut client = BufReader::new(client);
    away(&mut client, &faults).await?;
    let mut server = BufReader::new(TcpStream::connect(upstream).await.ok()?);
    let mut cut = None;
    let (mut command, mut answer) = (String::new(), String::new());
    loop {
        tokio::select! {
            read = client.read_line(&mut command) => {
                if read.ok()? == 0 {
                    return None;
                }
                away(&mut client, &faults).await?;
                let verb = command.split_whitespace().next().unwrap_or_default().to_owned();
                let fault = faults.next(|fault| match fault {
                    Fault::Before(at) | Fault::After(at) | Fault::Silent(at) => at == verb,
                    Fault::CutData(_) => verb == "PASV",
                    _ => false,
                });
                match fault {
                    Some(Fault::Before(_)) => return None,
                    Some(Fault::Silent(_)) => std::future::pending().await,
                    Some(Fault::CutData(bytes)) => cut = Some(bytes),
                    _ => {}
                }
                server.write_all(command.as_bytes()).await.ok()?;
                command.clear();
                if matches!(fault, Some(Fault::After(_))) {
                    server.read_line(&mut answer).await.ok()?;
                    return None;
                }
            }
            read = server.read_line(&mut answer) => {
                if read.ok()? == 0 {
                    return None;
                }
                if let Some(bytes) = cut.filter(|_| answer.starts_with("227")) {
                    answer = cut_data(&answer, bytes).await?;
                    cut = None;
                }
                client.write_all(answer.as_bytes()).await.ok()?;
                answer.clear();
            }
        }
    }
}

/// What befalls a session whatever is said in it. `None`: it is over.
async fn away(client: &mut BufReader<TcpStream>, faults: &Faults) -> Option<()> {
    match faults.next(|fault| matches!(fault, Fault::Status(_) | Fault::Reset | Fault::Hang)) {
        Some(Fault::Status(code)) => {
            client.write_all(format!("{code} Ordered.\r\n").as_bytes()).await.ok()?;
            None
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(_) => None,
        None => Some(()),
    }
}

/// `227 Entering passive mode (127,0,0,1,p1,p2).`: the same with a port of ours, which lets `bytes` through.
async fn cut_data(answer: &str, bytes: usize) -> Option<String> {
    let numbers = answer.split(['(', ')']).nth(1)?;
    let numbers: Vec<u16> = numbers.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let port = numbers[4] * 256 + numbers[5];
    let listener = TcpListener::bind("127.0.0.1:0").await.ok()?;
    let own = listener.local_addr().ok()?.port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.ok()?;
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        copy(&mut (&mut client).take(bytes as u64), &mut server).await.ok()?;
        server.shutdown().await.ok()?;
        // The rest is swallowed, so that the sender notices nothing.
        copy(&mut client, &mut tokio::io::sink()).await.ok()
    });
    Some(format!("227 Entering passive mode (127,0,0,1,{},{}).\r\n", own / 256, own % 256))
}
