//! The authorization request that waits behind a page.

use std::sync::Arc;

use actix_web::{HttpRequest, http::header::ACCEPT_LANGUAGE};
use protocol::{Client, authorization::Pending};
use store::interactions::Interaction;
use views::{Locale, Message};
use web::{Browser, Core, InteractionId, Next, PageError, Params};

/// A pending request of this browser, and the client that sent it.
pub struct Waiting {
    pub id: InteractionId,
    pub row: Interaction,
    pub pending: Pending,
    pub client: Arc<Client>,
}

impl Waiting {
    /// The request that `?interaction=` names; `None` where the parameter is absent.
    ///
    /// # Errors
    /// 400 for one that is unknown, over, or of another browser: all the same to whoever asks (S28).
    pub async fn named(core: &Core, browser: &Browser, query: &Params) -> Result<Option<Waiting>, PageError> {
        let Some(text) = query.filled("interaction") else { return Ok(None) };
        let expired = || PageError::bad_request(Message::InteractionExpired);
        let id = InteractionId::parse(text).ok_or_else(expired)?;
        let row =
            core.store.interaction(&id.digest(), &browser.digest(), core.now()).await?.ok_or_else(expired)?;
        let pending = Pending::from_json(&row.parameters).map_err(PageError::internal)?;
        let client = core.store.client(&row.client_id).await?.ok_or_else(expired)?;
        Ok(Some(Waiting { id, row, pending, client }))
    }

    /// `ui_locales` of the request, then the browser's.
    pub fn locale(&self, request: &HttpRequest) -> Locale {
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Locale::negotiate(self.pending.ui_locales(), header)
    }

    pub fn next(&self) -> Next {
        Next::Authorize(self.id.clone())
    }
}
