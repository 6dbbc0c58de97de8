//! An application's own web server: keys, sector files, logos and the document of a client stand there.

use std::{
    collections::HashMap,
    fs::File,
    io::BufReader,
    path::Path,
    sync::{Arc, Mutex},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use rustls::{ServerConfig, pki_types::pem::PemObject};

type Pages = HashMap<String, Vec<u8>>;

#[derive(Clone)]
pub struct Website {
    pub origin: String,
    pages: Arc<Mutex<Pages>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Website {
    pub fn start() -> Self {
        Self::listen(None)
    }

    /// By https, with `site.pem` and `site.key` of this folder.
    pub fn start_tls(folder: &Path) -> Self {
        let open = |name: &str| BufReader::new(File::open(folder.join(name)).unwrap());
        let chain = rustls::pki_types::CertificateDer::pem_reader_iter(open("site.pem")).map(Result::unwrap);
        let key = rustls::pki_types::PrivateKeyDer::from_pem_reader(open("site.key")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain.collect(), key);
        Self::listen(Some(config.unwrap()))
    }

    fn listen(tls: Option<ServerConfig>) -> Self {
        let (pages, asked) = (Arc::<Mutex<Pages>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = (pages.clone(), asked.clone());
        let (said, port) = std::sync::mpsc::channel();
        // actix wants a runtime of its own; it ends with the process.
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let (pages, asked) = shared.clone();
                    let answer = move |request: HttpRequest| {
                        asked.lock().unwrap().push(request.path().to_owned());
                        let page = pages.lock().unwrap().get(request.path()).cloned();
                        async move {
                            page.map_or_else(
                                || HttpResponse::NotFound().finish(),
                                |page| HttpResponse::Ok().body(page),
                            )
                        }
                    };
                    App::new().default_service(web::to(answer))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = match tls {
                    Some(tls) => server.bind_rustls_0_23(("127.0.0.1", 0), tls),
                    None => server.bind(("127.0.0.1", 0)),
                };
                let server = server.unwrap();
                said.send(server.addrs()[0].port()).unwrap();
                server.run().await.unwrap();
            });
        });
        Self { origin: format!("{scheme}://localhost:{}", port.recv().unwrap()), pages, asked }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// From now on this stands there.
    pub fn put(&self, path: &str, page: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap().insert(path.to_owned(), page.into());
    }

    /// How often somebody has asked for it.
    pub fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}
