//! `POST /account/applications/withdraw`: an application loses what it was allowed, and every token with it.

use actix_web::{HttpResponse, web::Data};
use views::Message;
use web::{Core, PageError, Posted, SignedIn};

use crate::overview::done;

pub async fn withdraw(core: Data<Core>, person: SignedIn, form: Posted) -> Result<HttpResponse, PageError> {
    let client_id =
        form.filled("client_id").ok_or_else(|| PageError::bad_request(Message::InvalidRequest))?;
    // Withdrawn twice, or by two tabs: it is withdrawn.
    core.store.withdraw_consent(&person.user.id, client_id, core.now()).await?;
    Ok(done(Message::ApplicationWithdrawn))
}
