//! Deadlines between requests. actix's limit for a head covers the first request of a connection alone, and its keep-alive
//! timer stops at the first byte of the next one: whoever sends that head a byte a minute, or reads an answer as
//! slowly, would hold a connection for ever (F36).
//!
//! So every connection knows since when no handler works for it, and is cut when that lasts too long.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, ServiceRequest};
use actix_web::rt;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::certificate;

/// Between the end of one handler and the beginning of the next on the same connection: the answer has to be read, and
/// the next head sent. Longer than the keep-alive time, which closes what is merely idle.
const PATIENCE: Duration = Duration::from_secs(90);

/// Lies in a connection's data; requests mark their time on it.
pub(crate) struct Connection {
    /// A handle of our own, since the stream belongs to actix. It goes when the connection's data goes.
    stream: TcpStream,
    /// Handlers at work; more than one where requests are pipelined.
    busy: Cell<u32>,
    /// The last time that one ended.
    since: Cell<Instant>,
    watchdog: OnceCell<AbortHandle>,
}

/// One handler at work; dropped when it has answered or was cancelled.
pub(crate) struct Working(Rc<Connection>);

/// For `HttpServer::on_connect`.
pub fn watch(stream: &dyn Any, data: &mut Extensions) {
    certificate::note(stream, data);
    let plain = stream.downcast_ref::<rt::net::TcpStream>();
    let inside = || stream.downcast_ref::<TlsStream<rt::net::TcpStream>>().map(|tls| tls.get_ref().0);
    let Some(stream) = plain.or_else(inside) else { return };
    let Ok(own) = stream.as_fd().try_clone_to_owned() else { return };
    data.insert(Connection::watched(own.into(), PATIENCE));
}

impl Connection {
    fn watched(stream: TcpStream, patience: Duration) -> Rc<Connection> {
        let since = Cell::new(Instant::now());
        let connection = Rc::new(Connection { stream, busy: Cell::new(0), since, watchdog: OnceCell::new() });
        let watchdog = rt::spawn(cut_when_stuck(Rc::downgrade(&connection), patience));
        connection.watchdog.get_or_init(|| watchdog.abort_handle());
        connection
    }

    /// Marks that a handler begins to work for `request`.
    pub fn work(request: &ServiceRequest) -> Option<Working> {
        let connection = request.conn_data::<Rc<Connection>>()?.clone();
        connection.busy.set(connection.busy.get() + 1);
        Some(Working(connection))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get().saturating_sub(1));
        self.0.since.set(Instant::now());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(watchdog) = self.watchdog.get() {
            watchdog.abort();
        }
    }
}

async fn cut_when_stuck(connection: Weak<Connection>, patience: Duration) {
    let mut next = Instant::now() + patience;
    loop {
        sleep_until(next).await;
        // Held only while it is looked at: a connection that ends takes its data along.
        let Some(connection) = connection.upgrade() else { return };
        let now = Instant::now();
        // Whatever a handler waits for has deadlines of its own.
        let since = if connection.busy.get() > 0 { now } else { connection.since.get() };
        next = since + patience;
        if next <= now {
            // The peer may be gone already; either way the connection ends.
            let _ = connection.stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(60);

    /// Whether the peer has been cut off after `wait`.
    async fn is_cut(mut peer: &TcpStream, wait: Duration) -> bool {
        tokio::time::sleep(wait).await;
        peer.set_nonblocking(true).unwrap();
        matches!(peer.read(&mut [0; 1]), Ok(0))
    }

    // F36: also between requests.
    #[actix_web::test]
    async fn a_connection_that_nobody_works_for_is_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connection = Connection::watched(listener.accept().unwrap().0, PATIENCE);
        connection.busy.set(1);
        let working = Working(connection.clone());
        assert!(!is_cut(&peer, PATIENCE * 3).await, "a handler is at work");
        drop(working);
        assert!(!is_cut(&peer, PATIENCE / 3).await, "it has just answered");
        assert!(is_cut(&peer, PATIENCE * 3).await);

        let other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        drop(Connection::watched(listener.accept().unwrap().0, PATIENCE));
        assert!(is_cut(&other, Duration::from_millis(5)).await, "our handle does not outlive the connection");
    }
}
