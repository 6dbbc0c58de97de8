//! `POST /account/name`: the name that people and applications see.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use store::users::ProfileChange;
use views::Message;
use web::{Browser, Core, PageError, Posted, SignedIn};

use crate::{
    State,
    overview::{Account, done},
};

const LONGEST: usize = 120;

pub async fn change(
    core: Data<Core>,
    state: Data<State>,
    request: HttpRequest,
    browser: Browser,
    person: SignedIn,
    form: Posted,
) -> Result<HttpResponse, PageError> {
    let Some(name) = form.get("name").and_then(normalised) else {
        return Account::refused(Message::NameInvalid)
            .answer(&core, &state, &request, &browser, &person)
            .await;
    };
    let change = ProfileChange { name: Some(Some(name)), ..ProfileChange::default() };
    core.store.update_profile(&person.user.id, change, &person.user.id, state.retention, core.now()).await?;
    Ok(done(Message::NameUpdated))
}

/// Without spaces around; one line of 1 to 120 characters, or none.
pub fn normalised(text: &str) -> Option<String> {
    let name = text.trim();
    let good = (1..=LONGEST).contains(&name.chars().count()) && !name.contains(char::is_control);
    good.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line() {
        assert_eq!(normalised("  Zoë ").as_deref(), Some("Zoë"));
        assert_eq!(normalised(&"é".repeat(120)).map(|name| name.len()), Some(240));
        for bad in ["", "   ", "a\nb", "a\u{7f}", &"é".repeat(121)] {
            assert_eq!(normalised(bad), None);
        }
    }
}
