//! What the demo's application looks like. Deliberately not Visage: it stands for somebody else's product.

use serde_json::Value;

pub const STYLE: &str = include_str!("style.css");

/// Nobody is signed in.
pub fn welcome(notice: Option<&str>) -> String {
    frame(
        "signed-out",
        notice,
        "<section class=\"hero\"><p class=\"kicker\">A third-party application</p>\
         <h1>Postcards from people with faces.</h1>\
         <p class=\"lead\">Greenhouse Postcards knows nobody. It asks Visage who you are, and shows the photo that you keep there.</p>\
         <p><a class=\"button\" id=\"sign-in\" href=\"/sign-in\">Sign in with Visage</a></p></section>",
    )
}

/// Somebody is: the claims that the provider gave out, and what can be done with them.
pub fn profile(claims: &Value, notice: Option<&str>) -> String {
    let text = |name: &str| claims[name].as_str().map(escaped).unwrap_or_default();
    let (name, email, picture) = (text("name"), text("email"), text("picture"));
    let rows: String = claims
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td></tr>",
                escaped(name),
                escaped(&value)
            )
        })
        .collect();
    frame(
        "signed-in",
        notice,
        &format!(
            "<section class=\"person\"><div class=\"stamp\"><img id=\"picture\" src=\"{picture}\" alt=\"Photo of {name}\" width=\"192\" height=\"192\"></div>\
             <div><p class=\"kicker\">Signed in</p><h1>{name}</h1><p class=\"lead\">{email}</p>\
             <form class=\"upload\" id=\"photo\" method=\"post\" action=\"/photo\" enctype=\"multipart/form-data\">\
             <label for=\"file\">A new photo</label>\
             <input id=\"file\" type=\"file\" name=\"photo\" accept=\"image/jpeg,image/png,image/gif,image/webp\" required>\
             <button class=\"button\" type=\"submit\">Change photo</button></form>\
             <div class=\"row\"><form id=\"remove\" method=\"post\" action=\"/photo/remove\"><button class=\"quiet\" type=\"submit\">Remove photo</button></form>\
             <form id=\"refresh\" method=\"post\" action=\"/refresh\"><button class=\"quiet\" type=\"submit\">Refresh tokens</button></form>\
             <a class=\"quiet\" id=\"sign-out\" href=\"/sign-out\">Sign out</a></div></div></section>\
             <section><h2>What Visage told us</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Claims\"><table>{rows}</table></div></section>"
        ),
    )
}

fn frame(page: &str, notice: Option<&str>, main: &str) -> String {
    let notice = notice
        .map(|text| format!("<p class=\"notice\" role=\"status\">{}</p>", escaped(text)))
        .unwrap_or_default();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>Greenhouse Postcards</title><link rel=\"stylesheet\" href=\"/style.css\"><link rel=\"icon\" href=\"data:,\"></head>\
         <body data-page=\"{page}\"><header><span class=\"mark\" aria-hidden=\"true\"></span><span>Greenhouse Postcards</span></header>\
         <main>{notice}{main}</main>\
         <footer>The relying party of <code>visage demo</code>: an ordinary OpenID Connect client.</footer></body></html>"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
