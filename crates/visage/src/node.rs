//! A running provider: its listeners and workers, from the first accepted connection to the last written row.

use std::{net::SocketAddr, time::Duration};

use actix_web::{App, HttpServer, dev::ServerHandle};
use tokio::task::JoinHandle;
use web::Hygiene;

use crate::{
    client_certificates::AnyCertificate, compose::House, config::Period, failure::Failure, health,
    tls::Certificate, workers::Workers,
};

/// How many connections that nobody has accepted yet the kernel keeps.
const BACKLOG: u32 = 1024;
/// Between requests of one connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// For the head of a connection's first request; `web` sets deadlines for everything after it.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

pub struct Node {
    /// Where it really listens: `server.listen` may say port 0.
    pub address: SocketAddr,
    pub metrics_address: Option<SocketAddr>,
    /// Where clients are asked for certificates.
    pub mtls_address: Option<SocketAddr>,
    house: House,
    listeners: Vec<Listener>,
    workers: Workers,
    drain: Period,
}

struct Listener {
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Node {
    pub async fn start(house: House) -> Result<Self, Failure> {
        let server = house.config.server.clone();
        let certificate = Certificate::of(&server)?;
        let (main, address, mtls_address) = listen(&house, server.listen, certificate.as_ref())?;
        let mut listeners = vec![main];
        let metrics_address = match server.metrics_listen {
            Some(wanted) => {
                let (listener, address) = listen_for_metrics(&house, wanted)?;
                listeners.push(listener);
                Some(address)
            }
            None => None,
        };
        let workers = Workers::start(&house, certificate);
        Ok(Self { address, metrics_address, mtls_address, house, listeners, workers, drain: server.drain })
    }

    pub fn house(&self) -> &House {
        &self.house
    }

    /// Not ready, then no new connections, then nothing under way, then every write durable: no request is cut, no
    /// write is lost (F15).
    pub async fn stop(self) -> Result<(), Failure> {
        self.house.readiness.stop();
        tokio::time::sleep(self.drain.0).await;
        for listener in self.listeners {
            listener.handle.stop(true).await;
            let ended = listener
                .task
                .await
                .map_err(|error| Failure::new(format!("the listener ended badly: {error}")))?;
            ended?;
        }
        self.workers.stop().await;
        self.house.core.store.close().await;
        Ok(())
    }
}

fn listen(
    house: &House,
    address: SocketAddr,
    certificate: Option<&Certificate>,
) -> Result<(Listener, SocketAddr, Option<SocketAddr>), Failure> {
    let settings = &house.config.server;
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        given => given,
    };
    let composed = house.clone();
    let server = HttpServer::new(move || {
        App::new()
            .wrap(Hygiene::new(&composed.core))
            .configure(|cfg| composed.routes(cfg))
            .default_service(actix_web::web::to(web::endpoint::not_found))
    })
    .on_connect(web::connection::watch)
    .workers(workers)
    .backlog(BACKLOG)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_DEADLINE)
    .shutdown_timeout(settings.shutdown_timeout.0.as_secs().max(1))
    .disable_signals();
    let bound = match certificate {
        None => server.bind(address),
        Some(certificate) => server.bind_rustls_0_23(address, certificate.server_config(None)?),
    };
    let mut server = bound.map_err(|error| cannot_listen("server.listen", address, &error))?;
    if let (Some(certificate), Some(address)) = (certificate, settings.mtls_listen) {
        let asks = certificate.server_config(Some(AnyCertificate::verifier()))?;
        let bound = server.bind_rustls_0_23(address, asks);
        server = bound.map_err(|error| cannot_listen("server.mtls_listen", address, &error))?;
    }
    let addresses = server.addrs();
    let main = addresses.first().copied().unwrap_or(address);
    let mtls = settings.mtls_listen.and_then(|_| addresses.get(1).copied());
    Ok((spawn(server.run()), main, mtls))
}

/// One thread, nothing but health and metrics.
fn listen_for_metrics(house: &House, address: SocketAddr) -> Result<(Listener, SocketAddr), Failure> {
    let readiness = actix_web::web::Data::new(house.readiness.clone());
    let app = move || {
        App::new().app_data(readiness.clone()).configure(health::routes).configure(health::metrics_routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .bind(address)
        .map_err(|error| cannot_listen("server.metrics_listen", address, &error))?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((spawn(server.run()), bound))
}

fn spawn(server: actix_web::dev::Server) -> Listener {
    Listener { handle: server.handle(), task: tokio::spawn(server) }
}

fn cannot_listen(setting: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "cannot listen on {address} ({error}). Stop what listens there, or set `{setting}`."
    ))
}
