//! Every page in every language, with ordinary and with hostile content.
//!
//! To look at them: `VISAGE_SAMPLES=/tmp/samples cargo test -p views`, then serve that folder.

use std::{fs, path::Path};

use super::*;

fn client() -> ClientCard {
    ClientCard {
        name: "Atelier Rivage".into(),
        host: "app.rivage.example".into(),
        logo: None,
        home: Some("https://rivage.example/".into()),
        policy: Some("https://rivage.example/privacy".into()),
        terms: Some("https://rivage.example/terms".into()),
        is_unchecked: true,
    }
}

fn person() -> PersonCard {
    PersonCard { name: "Camille Laurent".into(), email: "camille.laurent@example.test".into(), photo: None }
}

fn tokens() -> TokensPage {
    let day = 1_795_219_200_000_000;
    TokensPage {
        csrf: "csrf-value".into(),
        tokens: vec![TokenCard {
            id: "t1".into(),
            name: "Backup script".into(),
            scopes: ["profile", "galleries"].map(String::from).to_vec(),
            created_at: day,
            last_used_at: Some(day),
            ends_at: day,
        }],
        made: Some(("Backup script".into(), "visage_pat_abc".into())),
        form: Some(TokenForm {
            name: String::new(),
            scopes: vec![("openid".into(), false), ("profile".into(), true)],
            ends: "2026-12-24".into(),
            first_day: day,
            last_day: day,
        }),
        notice: Some(Message::PersonalTokenMade),
        sign_out: "/oauth2/logout".into(),
        ..Default::default()
    }
}

fn signed_out(text: fn(&str) -> String) -> SignedOutPage {
    SignedOutPage {
        sign_in: text("/login"),
        frames: vec![
            text("https://app.rivage.example/out?iss=https%3A%2F%2Fid.example&sid=s1"),
            text("https://b.example/"),
        ],
        onward: Some(text("https://app.rivage.example/bye?state=a&b")),
    }
}

fn pictures(text: fn(&str) -> String) -> Vec<PictureCard> {
    (1..=3)
        .map(|number| PictureCard {
            id: text(&format!("picture-{number}")),
            place: number.to_string(),
            url: text("/media/galleries/o/1-r_800.jpg"),
            width: 1600,
            height: 1200,
            caption: if number == 2 { text("The blue room") } else { String::new() },
        })
        .collect()
}

/// `text` makes every text of the page out of an ordinary one.
fn galleries(text: fn(&str) -> String) -> GalleriesPage {
    let card = |name: &str, cover: Option<&str>, pictures| GalleryCard {
        id: text(name),
        name: text(name),
        cover: cover.map(text),
        pictures,
    };
    GalleriesPage {
        csrf: text("csrf-value"),
        invitations: vec![(text("o3"), text("Château"))],
        organizations: vec![
            OrganizationCard {
                id: text("o1"),
                name: text("Hôtel du Lac"),
                galleries: vec![card("Rooms", Some("/media/a_800.jpg"), 4), card("Garden", None, 0)],
            },
            OrganizationCard { id: text("o2"), name: text("Parish Choir"), galleries: vec![] },
        ],
        notice: Some(Message::GalleryDeleted),
        problem: None,
        sign_out: text("/oauth2/logout"),
    }
}

const LIMITS: GalleryLimits = GalleryLimits { most: 10, max_bytes: 5 * 1_048_576 };

fn new_gallery(text: fn(&str) -> String) -> NewGalleryPage {
    NewGalleryPage {
        csrf: text("csrf-value"),
        pictures: pictures(text),
        organizations: vec![(text("o1"), text("Hôtel du Lac"))],
        name: text("Rooms"),
        organization_id: String::new(),
        organization: text("Parish Choir"),
        blocked: None,
        limits: LIMITS,
        notice: None,
        problem: Some(Message::OrganizationMissing),
        sign_out: text("/oauth2/logout"),
    }
}

fn gallery(text: fn(&str) -> String) -> GalleryPage {
    GalleryPage {
        csrf: text("csrf-value"),
        id: text("g1"),
        name: text("Rooms"),
        organization: (text("o1"), text("Hôtel du Lac")),
        pictures: pictures(text),
        blocked: Some(text("too much")),
        limits: LIMITS,
        notice: Some(Message::CaptionSaved),
        problem: None,
        sign_out: text("/oauth2/logout"),
    }
}

fn organization(text: fn(&str) -> String) -> OrganizationPage {
    let owner = |name: &str, own| OwnerCard {
        person: PersonCard { name: text(name), email: text("a@example.test"), photo: None },
        own,
    };
    OrganizationPage {
        csrf: text("csrf-value"),
        id: text("o1"),
        name: text("Hôtel du Lac"),
        invited: vec![text("asked@example.test")],
        empty: true,
        owners: vec![owner("Camille", true), owner("Dominique", false)],
        notice: Some(Message::OwnerInvited),
        problem: None,
        sign_out: text("/oauth2/logout"),
    }
}

type Render = Box<dyn Fn(Locale) -> String>;

/// Each page with everything in it, and in its barest form.
fn samples() -> Vec<(&'static str, Render)> {
    fn sample<P: 'static>(render: fn(&P, Locale) -> String, page: P) -> Render {
        Box::new(move |locale| render(&page, locale))
    }
    let csrf = || "csrf-value".to_owned();
    vec![
        ("login", {
            let (client, cancel) = (Some(client()), Some("/oauth2/authorize/abc?cancel=1".into()));
            let action = "/login?interaction=abc".into();
            sample(
                LoginPage::render,
                LoginPage { csrf: csrf(), action, client, cancel, ..Default::default() },
            )
        }),
        (
            "login-bare",
            sample(LoginPage::render, LoginPage { action: "/login".into(), ..Default::default() }),
        ),
        (
            "login-again",
            sample(
                LoginPage::render,
                LoginPage {
                    csrf: csrf(),
                    action: "/login?interaction=abc".into(),
                    client: Some(client()),
                    cancel: Some("/oauth2/authorize/abc?cancel=1".into()),
                    username: person().email,
                    again: Some(person()),
                    problem: Some(Message::SignInFailed),
                },
            ),
        ),
        (
            "consent",
            sample(
                ConsentPage::render,
                ConsentPage {
                    csrf: csrf(),
                    action: "/consent?interaction=abc".into(),
                    client: client(),
                    device: None,
                    person: person(),
                    scopes: ["openid", "profile", "email", "offline_access"].map(String::from).to_vec(),
                    details: Vec::new(),
                    resources: Vec::new(),
                    more: false,
                    may_approve_for_everyone: true,
                },
            ),
        ),
        (
            "consent-more",
            sample(
                ConsentPage::render,
                ConsentPage {
                    client: client(),
                    person: PersonCard { name: String::new(), ..person() },
                    scopes: ["address", "phone", "galleries", "admin", "invoices:read"]
                        .map(String::from)
                        .to_vec(),
                    details: vec!["Pay 12.50 EUR to Ada Lovelace".into()],
                    resources: vec!["https://invoices.example".into()],
                    more: true,
                    ..Default::default()
                },
            ),
        ),
        (
            "consent-device",
            sample(
                ConsentPage::render,
                ConsentPage {
                    client: client(),
                    device: Some("WDJB-MJHT".into()),
                    person: person(),
                    scopes: ["openid", "profile"].map(String::from).to_vec(),
                    ..Default::default()
                },
            ),
        ),
        (
            "device",
            sample(
                DevicePage::render,
                DevicePage {
                    csrf: csrf(),
                    action: "/device".into(),
                    user_code: "WDJB-MJHT".into(),
                    problem: Some(Message::DeviceCodeUnknown),
                },
            ),
        ),
        (
            "device-bare",
            sample(DevicePage::render, DevicePage { action: "/device".into(), ..Default::default() }),
        ),
        ("device-done", sample(DeviceDonePage::render, DeviceDonePage { connected: true })),
        ("device-done-again", sample(DeviceDonePage::render, DeviceDonePage { connected: false })),
        (
            "logout",
            sample(
                LogoutPage::render,
                LogoutPage {
                    csrf: csrf(),
                    action: "/oauth2/logout".into(),
                    fields: vec![("state".into(), "a\"b".into())],
                    client: Some("Atelier Rivage".into()),
                    person: Some(person()),
                    stay: "/account".into(),
                },
            ),
        ),
        ("signed-out", sample(SignedOutPage::render, signed_out(str::to_owned))),
        (
            "signed-out-bare",
            sample(
                SignedOutPage::render,
                SignedOutPage { sign_in: "/login".into(), ..SignedOutPage::default() },
            ),
        ),
        (
            "error",
            sample(
                ErrorPage::render,
                ErrorPage {
                    status: 400,
                    message: Message::ClientUntrusted,
                    code: Some("invalid_request".into()),
                    detail: Some("redirect_uri is not registered for this client".into()),
                    request_id: Some("0f8e2c6a91".into()),
                },
            ),
        ),
        ("error-bare", sample(ErrorPage::render, ErrorPage::new(404, Message::NotFound))),
        (
            "form-post",
            sample(
                FormPostPage::render,
                FormPostPage {
                    action: "https://app.rivage.example/callback?a=1&b=2".into(),
                    fields: vec![("code".into(), "c0de".into()), ("state".into(), "<\"&>".into())],
                    client: "Atelier Rivage".into(),
                },
            ),
        ),
        ("galleries", sample(GalleriesPage::render, galleries(str::to_owned))),
        ("galleries-bare", sample(GalleriesPage::render, GalleriesPage::default())),
        ("gallery-new", sample(NewGalleryPage::render, new_gallery(str::to_owned))),
        ("gallery-new-bare", sample(NewGalleryPage::render, NewGalleryPage::default())),
        ("gallery", sample(GalleryPage::render, gallery(str::to_owned))),
        ("gallery-bare", sample(GalleryPage::render, GalleryPage::default())),
        ("organization", sample(OrganizationPage::render, organization(str::to_owned))),
        (
            "setup",
            sample(
                SetupPage::render,
                SetupPage {
                    csrf: csrf(),
                    action: "/setup/token".into(),
                    problem: Some(Message::PasswordCommon),
                    ..Default::default()
                },
            ),
        ),
        (
            "account",
            sample(
                AccountPage::render,
                AccountPage {
                    csrf: csrf(),
                    person: person(),
                    has_photo: true,
                    photo_alt: "Me at the sea".into(),
                    photo_max_bytes: 5 * 1_048_576,
                    waiting: Some(EarlierPhoto { id: "p2".into(), ..EarlierPhoto::default() }),
                    earlier: vec![EarlierPhoto {
                        id: "p1".into(),
                        url: "/media/preview/p1".into(),
                        alt: String::new(),
                        uploaded_at: 1_795_219_200_000_000,
                    }],
                    removed: Some(("It shows somebody else.".into(), 1_795_219_200_000_000)),
                    blocked: None,
                    applications: vec![
                        ConnectedApplication {
                            client_id: "c1".into(),
                            client: client(),
                            scopes: ["openid", "profile", "email"].map(String::from).to_vec(),
                            since: 1_795_219_200_000_000,
                        },
                        ConnectedApplication {
                            client_id: "c2".into(),
                            client: ClientCard {
                                name: "Ledger".into(),
                                host: "com.example.ledger".into(),
                                ..Default::default()
                            },
                            scopes: vec!["invoices:read".into()],
                            since: 0,
                        },
                    ],
                    tokens: 2,
                    is_admin: true,
                    notice: Some(Message::PhotoUpdated),
                    problem: None,
                    sign_out: "/oauth2/logout".into(),
                },
            ),
        ),
        ("tokens", sample(TokensPage::render, tokens())),
        ("tokens-bare", sample(TokensPage::render, TokensPage { off: true, ..Default::default() })),
        (
            "account-bare",
            sample(
                AccountPage::render,
                AccountPage {
                    person: PersonCard { name: String::new(), ..person() },
                    photo_max_bytes: 300 * 1024,
                    blocked: Some("Too many pictures of cats.".into()),
                    problem: Some(Message::NameInvalid),
                    ..Default::default()
                },
            ),
        ),
    ]
}

#[test]
fn every_page_renders_in_every_language() {
    let folder = std::env::var("VISAGE_SAMPLES").ok();
    for (name, render) in samples() {
        for locale in Locale::ALL {
            let html = render(locale);
            let page = name.split_once("-bare").map_or(name, |(page, _)| page);
            let page =
                ["-again", "-more", "-device"].iter().find_map(|end| page.strip_suffix(end)).unwrap_or(page);
            assert!(html.contains(&format!("<html lang=\"{}\">", locale.tag())), "{name}");
            assert!(html.contains(&format!("data-page=\"{page}\"")), "{name}");
            assert!(html.trim_end().ends_with("</html>"), "{name}");
            if let Some(folder) = &folder {
                let folder = Path::new(folder).join(locale.tag());
                fs::create_dir_all(&folder).expect("a folder for samples");
                fs::write(folder.join(format!("{name}.html")), html).expect("a sample");
            }
        }
    }
    if let Some(folder) = &folder {
        assets::tests::write_all(Path::new(folder));
    }
}

/// Strict CSP: nothing inline, nothing from elsewhere.
#[test]
fn no_page_needs_inline_script_or_style() {
    for (name, render) in samples() {
        let html = render(Locale::En);
        assert!(!html.contains("<style") && !html.contains(" style="), "{name}");
        for script in html.split("<script").skip(1) {
            let ours = script.starts_with(" type=\"module\" src=\"/assets/")
                || script.starts_with(" defer src=\"/assets/");
            assert!(ours && script.contains("\"></script>"), "{name}");
        }
        for attribute in html.split_ascii_whitespace().filter(|word| word.starts_with("on")) {
            assert!(!attribute.contains("=\""), "{name}: {attribute}");
        }
    }
}

/// The names that machines rely on (CONTRACT §9).
#[test]
fn forms_have_the_names_that_machines_fill_in() {
    let html = |wanted: &str| {
        samples().into_iter().find(|(name, _)| *name == wanted).expect("a sample").1(Locale::En)
    };
    let login = html("login");
    assert!(login.contains("<form id=\"login\" method=\"post\" action=\"/login?interaction=abc\">"));
    assert_eq!(login.matches("type=\"submit\"").count(), 1);
    for part in [
        "name=\"username\"",
        "name=\"password\"",
        "name=\"csrf\" value=\"csrf-value\"",
        "<a id=\"cancel\" href=\"/oauth2/authorize/abc?cancel=1\"",
    ] {
        assert!(login.contains(part), "{part}");
    }
    // What the client says of itself is on the page.
    for part in ["Atelier Rivage", "https://rivage.example/privacy", "https://rivage.example/terms"] {
        assert!(login.contains(part), "{part}");
    }
    // The same person is named when they sign in again.
    assert!(html("login-again").contains("value=\"camille.laurent@example.test\""));
    assert!(!html("login-bare").contains("id=\"cancel\""));
    let consent = html("consent");
    for part in [
        "<form id=\"consent\"",
        "name=\"decision\" value=\"allow\"",
        "name=\"decision\" value=\"deny\"",
        "name=\"for_everyone\"",
        "app.rivage.example",
        "Camille Laurent",
    ] {
        assert!(consent.contains(part), "{part}");
    }
    assert!(!html("consent-more").contains("for_everyone"));
    // Where a device waits there is no address to know.
    assert!(consent.contains("id=\"unchecked\"") && consent.contains("the address above"));
    let device = html("consent-device");
    assert!(device.contains("id=\"unchecked\"") && !device.contains("the address above"));
    let logout = html("logout");
    assert!(logout.contains("<form id=\"logout\"") && logout.contains("name=\"answer\" value=\"yes\""));
    let signed_out = html("signed-out");
    assert!(
        signed_out.contains("sid=s1\"></iframe>")
            && signed_out.contains("<a class=\"button wide\" id=\"continue\"")
    );
    assert!(!html("signed-out-bare").contains("iframe") && !html("signed-out-bare").contains("<script"));
    assert!(html("form-post").contains("action=\"https://app.rivage.example/callback?a=1&#38;b=2\""));
    // A name may begin with anything: the tile is a letter, escaped or none.
    let tile = ClientCard { name: "<&".into(), ..client() }.tile_svg();
    assert!(tile.starts_with("<svg") && tile.contains("></text>"), "{tile}");
    assert!(html("form-post").contains("value=\"&#60;&#34;&#38;&#62;\""));
}

/// Whatever a client or a person calls themselves stays text.
#[test]
fn hostile_names_are_escaped_everywhere() {
    const EVIL: &str = "\"'><script>alert(1)</script>{{7*7}}<img src=x onerror=alert(1)>";
    let evil = EVIL;
    let client = ClientCard {
        name: evil.into(),
        host: evil.into(),
        logo: Some(evil.into()),
        home: Some(evil.into()),
        policy: Some(evil.into()),
        terms: Some(evil.into()),
        is_unchecked: true,
    };
    let person = PersonCard { name: evil.into(), email: evil.into(), photo: Some(evil.into()) };
    let text = || evil.to_owned();
    let pages = [
        LoginPage {
            csrf: text(),
            action: text(),
            client: Some(client.clone()),
            cancel: Some(text()),
            username: text(),
            again: Some(person.clone()),
            problem: None,
        }
        .render(Locale::En),
        ConsentPage {
            csrf: text(),
            action: text(),
            client: client.clone(),
            device: Some(text()),
            person: person.clone(),
            scopes: vec![text(), "profile".into()],
            details: vec![text()],
            resources: vec![text()],
            more: true,
            may_approve_for_everyone: true,
        }
        .render(Locale::Fr),
        LogoutPage {
            csrf: text(),
            action: text(),
            fields: vec![(text(), text())],
            client: Some(text()),
            person: Some(person.clone()),
            stay: text(),
        }
        .render(Locale::En),
        DevicePage { csrf: text(), action: text(), user_code: text(), problem: None }.render(Locale::Fr),
        signed_out(|_| EVIL.to_owned()).render(Locale::En),
        ErrorPage {
            code: Some(text()),
            detail: Some(text()),
            request_id: Some(text()),
            ..ErrorPage::new(400, Message::InvalidRequest)
        }
        .render(Locale::En),
        FormPostPage { action: text(), fields: vec![(text(), text())], client: text() }.render(Locale::En),
        SetupPage { csrf: text(), action: text(), name: text(), email: text(), problem: None }
            .render(Locale::Fr),
        {
            let mut page = tokens();
            page.made = Some((text(), text()));
            page.tokens[0].name = text();
            page.tokens[0].scopes = vec![text()];
            page.form = Some(TokenForm { name: text(), ends: text(), ..TokenForm::default() });
            page.render(Locale::En)
        },
        AccountPage {
            csrf: text(),
            person,
            has_photo: true,
            photo_alt: text(),
            waiting: Some(EarlierPhoto { id: text(), url: text(), alt: text(), uploaded_at: 0 }),
            earlier: vec![EarlierPhoto { id: text(), url: text(), alt: text(), uploaded_at: 0 }],
            removed: Some((text(), 0)),
            applications: vec![ConnectedApplication {
                client_id: text(),
                client,
                scopes: vec![text()],
                since: 0,
            }],
            sign_out: text(),
            ..Default::default()
        }
        .render(Locale::Fr),
        galleries(|_| EVIL.to_owned()).render(Locale::En),
        new_gallery(|_| EVIL.to_owned()).render(Locale::Fr),
        gallery(|_| EVIL.to_owned()).render(Locale::En),
        organization(|_| EVIL.to_owned()).render(Locale::Fr),
    ];
    for html in pages {
        assert!(
            !html.contains("<script>") && !html.contains("<img src=x") && !html.contains("\"'>"),
            "{html}"
        );
        assert!(html.contains("&#60;script&#62;"));
    }
}
