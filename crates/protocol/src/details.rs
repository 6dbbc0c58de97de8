//! Rich authorization requests: what a client asks for in detail, of types that the operator declared
//! (`[authorization_details.TYPE]`) and in words that a person understands.
//! <https://www.rfc-editor.org/rfc/rfc9396>

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Client, ErrorCode, OAuthError, Policy, text};

/// Bytes of the whole parameter, and how many objects may be in it.
const LONGEST: usize = 8 * 1024;
const MOST: usize = 16;

/// Members that several types share, with the shape that RFC 9396 gives them.
/// <https://www.rfc-editor.org/rfc/rfc9396#section-2.2>
const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];

/// A kind of detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailType {
    pub name: String,
    /// What the consent page says of one, in English and in French: `{amount.value}` stands for a member.
    pub words: String,
    pub words_fr: String,
    /// Members that one must have, and those that it may have.
    pub required: Vec<String>,
    pub optional: Vec<String>,
}

/// In the languages of our pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    en: String,
    fr: String,
}

impl Sentence {
    /// `language` as in `fr`.
    pub fn in_language(&self, language: &str) -> &str {
        if language.starts_with("fr") { &self.fr } else { &self.en }
    }
}

/// One object of the parameter, of a type that we know.
pub type Detail = Map<String, Value>;

impl Policy {
    /// Reads the parameter and checks each object against its type.
    ///
    /// > The AS MUST refuse to process any unknown authorization details type or authorization details not conforming to
    /// > the respective type definition.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9396#section-5>
    pub fn details(&self, text: Option<&str>, client: &Client) -> Result<Vec<Detail>, OAuthError> {
        let Some(text) = text else { return Ok(Vec::new()) };
        if text.len() > LONGEST {
            return refuse("The authorization_details are too long.");
        }
        let Ok(details) = serde_json::from_str::<Vec<Detail>>(text) else {
            return refuse("The authorization_details are no list of JSON objects.");
        };
        if details.is_empty() || details.len() > MOST {
            return refuse("The authorization_details hold nothing, or too much.");
        }
        let registered = &client.metadata.authorization_details_types;
        for detail in &details {
            let kind = self.detail_type(detail);
            let Some(kind) = kind.filter(|kind| registered.is_empty() || registered.contains(&kind.name))
            else {
                return refuse("A type of authorization_details is not known here, or not the client's.");
            };
            kind.check(detail)?;
        }
        Ok(details)
    }

    fn detail_type(&self, detail: &Detail) -> Option<&DetailType> {
        let name = detail.get("type")?.as_str()?;
        self.detail_types.iter().find(|kind| kind.name == name)
    }

    /// What the person reads, a sentence for each detail.
    pub fn detail_sentences(&self, details: &[Detail]) -> Vec<Sentence> {
        let sentence = |detail: &Detail| {
            let kind = self.detail_type(detail)?;
            let french = if kind.words_fr.is_empty() { &kind.words } else { &kind.words_fr };
            Some(Sentence { en: filled(&kind.words, detail), fr: filled(french, detail) })
        };
        details.iter().filter_map(sentence).collect()
    }
}

/// Those of the grant that a token request names, all of them where it names none.
///
/// > If the client does not specify the authorization_details token request parameters, the AS determines the resulting
/// > authorization_details at its discretion.
///
/// <https://www.rfc-editor.org/rfc/rfc9396#section-6>
pub fn narrowed(granted: Vec<Detail>, asked: Option<&str>) -> Result<Vec<Detail>, OAuthError> {
    let Some(asked) = asked else { return Ok(granted) };
    match serde_json::from_str::<Vec<Detail>>(asked) {
        Ok(asked) if !asked.is_empty() && asked.iter().all(|one| granted.contains(one)) => Ok(asked),
        _ => refuse("The authorization_details are not among those that were granted."),
    }
}

impl DetailType {
    fn check(&self, detail: &Detail) -> Result<(), OAuthError> {
        let known =
            |name: &String| name == "type" || self.required.contains(name) || self.optional.contains(name);
        if !detail.keys().all(known) {
            return refuse("A member of the authorization_details is not known for its type.");
        }
        if self.required.iter().any(|name| detail.get(name).is_none_or(Value::is_null)) {
            return refuse("A member of the authorization_details is missing.");
        }
        let texts = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        let list_is_good = |name: &str| detail.get(name).is_none_or(texts);
        if !LISTS.into_iter().all(list_is_good) || detail.get("identifier").is_some_and(|id| !id.is_string())
        {
            return refuse("A member of the authorization_details has the wrong type.");
        }
        Ok(())
    }
}

/// The words with their places filled.
fn filled(words: &str, detail: &Detail) -> String {
    let mut sentence = String::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        sentence.push_str(before);
        let Some((path, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        sentence.push_str(&said(detail, path));
        rest = after;
    }
    sentence.push_str(rest);
    sentence
}

/// The member at `amount.value`, as a person reads it: nothing invisible, and not at any length.
fn said(detail: &Detail, path: &str) -> String {
    const LONGEST: usize = 200;
    let mut names = path.split('.');
    let first = names.next().and_then(|name| detail.get(name));
    let text = match names.try_fold(first, |value, name| Some(value?.get(name))).flatten() {
        None | Some(Value::Null) => return "…".to_owned(),
        Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
        Some(Value::Array(list)) => {
            let words: Vec<_> =
                list.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
            Cow::Owned(words.join(", "))
        }
        Some(other) => Cow::Owned(other.to_string()),
    };
    // Set apart, so that a value in a script from right to left does not turn the words around it either.
    // https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
    let seen: String = text::visible(&text).chars().take(LONGEST).collect();
    if seen.chars().all(|c| c < '\u{590}') { seen } else { format!("\u{2068}{seen}\u{2069}") }
}

fn refuse<T>(why: &'static str) -> Result<T, OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidAuthorizationDetails, why))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn policy() -> Policy {
        let payment = DetailType {
            name: "payment".into(),
            words: "Pay {amount.value} {amount.currency} to {creditor}".into(),
            words_fr: "Payer {amount.value} {amount.currency} à {creditor}".into(),
            required: vec!["amount".into(), "creditor".into()],
            optional: vec!["locations".into(), "identifier".into()],
        };
        Policy { detail_types: vec![payment], ..Policy::new("https://op") }
    }

    const GOOD: &str = r#"[{"type":"payment","amount":{"value":"12.50","currency":"EUR"},"creditor":"Ada","locations":["https://bank"]}]"#;

    #[test]
    fn a_person_reads_it_in_words() {
        let details = policy().details(Some(GOOD), &samples::client()).unwrap();
        let sentences = policy().detail_sentences(&details);
        assert_eq!(sentences.len(), 1);
        assert_eq!(sentences[0].in_language("en"), "Pay 12.50 EUR to Ada");
        assert_eq!(sentences[0].in_language("fr-CA"), "Payer 12.50 EUR à Ada");
        assert_eq!(policy().details(None, &samples::client()), Ok(Vec::new()));
    }

    // A value says nothing but itself: it neither hides nor turns around what stands beside it.
    #[test]
    fn a_value_stays_in_its_place() {
        let read = |creditor: &str| {
            let details = policy().details(Some(&GOOD.replace("Ada", creditor)), &samples::client()).unwrap();
            policy().detail_sentences(&details)[0].in_language("en").to_owned()
        };
        assert_eq!(read("\u{202e}adA\u{200b}"), "Pay 12.50 EUR to adA");
        assert_eq!(read("שלום"), "Pay 12.50 EUR to \u{2068}שלום\u{2069}");
    }

    #[test]
    fn whatever_does_not_fit_its_type_is_refused() {
        let mut other = samples::client();
        other.metadata.authorization_details_types = vec!["account".into()];
        assert!(policy().details(Some(GOOD), &other).is_err());
        for bad in [
            "",
            "{}",
            "[]",
            "[1]",
            "[{}]",
            r#"[{"type":"unknown"}]"#,
            r#"[{"type":1}]"#,
            r#"[{"type":"payment","amount":{}}]"#,
            r#"[{"type":"payment","amount":{},"creditor":null}]"#,
            r#"[{"type":"payment","amount":{},"creditor":"a","more":1}]"#,
            r#"[{"type":"payment","amount":{},"creditor":"a","locations":"https://bank"}]"#,
            r#"[{"type":"payment","amount":{},"creditor":"a","identifier":1}]"#,
            &format!(r#"[{{"type":"payment","creditor":"{}"}}]"#, "x".repeat(9000)),
        ] {
            let error = policy().details(Some(bad), &samples::client()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidAuthorizationDetails, "{bad}");
        }
    }

    #[test]
    fn a_token_gets_a_part_of_what_was_granted_and_never_more() {
        let granted = policy().details(Some(GOOD), &samples::client()).unwrap();
        assert_eq!(narrowed(granted.clone(), None), Ok(granted.clone()));
        assert_eq!(narrowed(granted.clone(), Some(GOOD)), Ok(granted.clone()));
        for more in ["[]", "x", &GOOD.replace("12.50", "99")] {
            assert!(narrowed(granted.clone(), Some(more)).is_err(), "{more}");
        }
    }

    proptest! {
        #[test]
        fn words_of_any_shape_are_words(words in "[a-z{}.]{0,20}", value in "\\PC{0,10}") {
            let detail = serde_json::json!({ "a": value, "b": [1, value], "c": { "d": null } });
            let Value::Object(detail) = detail else { unreachable!() };
            let sentence = filled(&words, &detail);
            let own = sentence.replace(['\u{2068}', '\u{2069}'], "");
            prop_assert!(text::is_visible(&own));
        }
    }
}
