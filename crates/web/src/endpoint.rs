//! Routes that know their methods: any other is answered 405 with `Allow` (S18, S47, S127, S140), and HEAD works where GET
//! does.
//!
//! ```ignore
//! Endpoint::at(paths::LOGIN).get(show).post(sign_in).mount(cfg);
//! ```

use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, Resource, Responder, guard};

use crate::Class;
use crate::Refused;
use crate::failure::of_status;

pub struct Endpoint {
    resource: Resource,
    allow: Vec<&'static str>,
}

impl Endpoint {
    /// `path` as actix writes patterns: `/oauth2/authorize/{interaction}`. A slash at its end is optional in requests.
    pub fn at(path: &str) -> Endpoint {
        let resource = match path.strip_suffix('/') {
            Some(bare) if !bare.is_empty() => web::resource([path, bare]),
            _ => web::resource(path),
        };
        Endpoint { resource, allow: Vec::new() }
    }

    /// GET and HEAD.
    pub fn get<F, Args>(mut self, handler: F) -> Endpoint
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.resource = self.resource.route(web::route().guard(either).to(handler));
        self.allow.extend(["GET", "HEAD"]);
        self
    }

    pub fn post<F, Args>(self, handler: F) -> Endpoint
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route("POST", web::post().to(handler))
    }

    pub fn put<F, Args>(self, handler: F) -> Endpoint
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route("PUT", web::put().to(handler))
    }

    pub fn delete<F, Args>(self, handler: F) -> Endpoint
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route("DELETE", web::delete().to(handler))
    }

    fn route(mut self, method: &'static str, route: actix_web::Route) -> Endpoint {
        self.resource = self.resource.route(route);
        self.allow.push(method);
        self
    }

    pub fn mount(self, cfg: &mut ServiceConfig) {
        let allow = self.allow.join(", ");
        let refuse = move |request: HttpRequest| {
            let refused = Refused::method(&request, &allow);
            async move { Err::<&'static str, Refused>(refused) }
        };
        cfg.service(self.resource.default_service(web::to(refuse)));
    }
}

/// For `App::default_service`: 404 as a page or as JSON, by the path.
pub async fn not_found(request: HttpRequest) -> Result<&'static str, Refused> {
    let class = Class::of(request.path());
    let wants_page = request
        .headers()
        .get(actix_web::http::header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"));
    // A path of nobody's: a page for browsers, JSON for programs.
    let class = if class.is_page() && !wants_page { Class::Api } else { class };
    Err(of_status(class, actix_web::http::StatusCode::NOT_FOUND))
}
