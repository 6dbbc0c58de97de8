//! The command line as a person or a script meets it: exit codes, sentences, JSON, help with an example.

use serde_json::Value;
use tests::{Answer, Engine, binary};

use crate::crashes::Place;

fn codes(arguments: &[&str], environment: &[(String, String)], input: &str) -> (Option<i32>, String, String) {
    let output = binary::run(arguments, environment, input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands: &[&[&str]] = &[
        &["demo"],
        &["serve"],
        &["migrate"],
        &["doctor"],
        &["openapi"],
        &["user", "add"],
        &["user", "list"],
        &["user", "show"],
        &["user", "update"],
        &["user", "disable"],
        &["user", "enable"],
        &["user", "delete"],
        &["user", "reset-password"],
        &["user", "export"],
        &["client", "add"],
        &["client", "list"],
        &["client", "show"],
        &["client", "update"],
        &["client", "delete"],
        &["client", "rotate-secret"],
        &["client", "initial-token", "add"],
        &["client", "initial-token", "list"],
        &["client", "initial-token", "delete"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["keys", "retire"],
        &["photos", "verify"],
        &["photos", "cleanup"],
        &["photos", "list"],
        &["photos", "show"],
        &["photos", "remove"],
        &["photos", "block"],
        &["photos", "unblock"],
        &["photos", "stats"],
        &["config", "show"],
        &["config", "reference"],
    ];
    for command in commands {
        let (code, help, _) = codes(&[command, &["--help"][..]].concat(), &[], "");
        assert_eq!(code, Some(0), "{command:?}");
        assert!(
            help.contains("Example") && help.contains(&format!("visage {}", command.join(" "))),
            "{command:?}: {help}"
        );
    }
}

#[tokio::test]
async fn exit_codes_and_sentences() {
    let place = Place::new(Engine::Sqlite).await;
    let run = |arguments: &[&str], input: &str| codes(arguments, place.environment(), input);
    // In a wrong folder nothing seems to have worked, and nothing is made.
    for wrong in [
        &["photos", "cleanup"][..],
        &["photos", "stats"],
        &["user", "list"],
        &["client", "list"],
        &["keys", "list"],
    ] {
        let (code, _, said) = run(wrong, "");
        assert!(
            code == Some(1) && said.contains("there is no database") && said.contains("--config"),
            "{said}"
        );
    }
    assert!(!place.dir.path().join("visage.db").exists());
    assert_eq!(run(&["frobnicate"], "").0, Some(2));
    let (code, _, said) = run(&["user", "add", "--email", "a@example.org"], "short");
    assert_eq!(code, Some(1));
    assert!(said.contains("8 characters"), "{said}");
    assert_eq!(run(&["user", "show", "nobody@example.org"], "").0, Some(1));
    assert_eq!(run(&["user", "add", "--email", "nobody"], "correct horse").0, Some(2));
    let (code, _, said) =
        run(&["client", "add", "--name", "x", "--redirect-uri", "http://evil.example/"], "");
    assert_eq!(code, Some(2));
    assert!(said.contains("https"), "{said}");

    let (code, said, _) = run(&["migrate", "--check"], "");
    assert_eq!(code, Some(0), "the commands above migrated: {said}");
    let fresh = Place::new(Engine::Sqlite).await;
    let (code, said, _) = codes(&["migrate", "--check", "--json"], fresh.environment(), "");
    assert_eq!(code, Some(1));
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()[0]["applied"], false);
    let mut strict = fresh.environment().to_vec();
    strict.push(("VISAGE_DATABASE__AUTO_MIGRATE".to_owned(), "false".to_owned()));
    let (code, _, said) = codes(&["user", "list"], &strict, "");
    assert_eq!(code, Some(1));
    assert!(said.contains("visage migrate"), "{said}");

    let mut wrong = place.environment().to_vec();
    wrong.push(("VISAGE_SERVER__LISTNE".to_owned(), "x".to_owned()));
    let (code, _, said) = codes(&["serve"], &wrong, "");
    assert_eq!(code, Some(1));
    assert!(said.contains("server.listne") && said.contains("server.listen"), "{said}");
}

/// Accounts and clients from the command line, seen by a running server at once (SQLite: within its 50 ms look).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_sees_what_commands_change() {
    let place = Place::new(Engine::Sqlite).await;
    let server = place.start().await;
    let person = place.person("grace@example.org");
    let app = place.app("late", &[]);
    let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
    app.userinfo(&token).await.expect(200);
    place.run(&["user", "disable", "grace@example.org"], "");
    crate::crashes::eventually("the token of a disabled person is dead", async || {
        app.userinfo(&token).await.status == 401
    })
    .await;
    place.run(&["user", "enable", "grace@example.org"], "");
    let token = app.tokens(&person, "openid profile").await["access_token"].as_str().unwrap().to_owned();
    place.run(&["client", "delete", "late"], "");
    crate::crashes::eventually("the token of a deleted client is dead", async || {
        app.userinfo(&token).await.status == 401
    })
    .await;
    place.run(&["user", "delete", "grace@example.org"], "");
    let all: Value = serde_json::from_str(&place.run(&["user", "list", "--json"], "")).unwrap();
    assert_eq!(all.as_array().map(Vec::len), Some(0));
    let report: Value = serde_json::from_str(&place.run(&["doctor", "--json"], "")).unwrap();
    let (rules, house): (Vec<&Value>, Vec<&Value>) =
        report.as_array().unwrap().iter().partition(|line| line["check"] == "RFC 9700");
    assert!(house.iter().all(|line| line["result"] == "ok"), "{report:#}");
    // Each rule of the security profile is held or named with what stands against it; here, http on this machine.
    assert_eq!(rules.len(), visage::rfc9700::RULES.len());
    let given_up: Vec<&&Value> = rules.iter().filter(|line| line["result"] == "note").collect();
    assert!(given_up.iter().any(|line| line["detail"].as_str().unwrap().starts_with("2.6")), "{report:#}");
    assert!(rules.iter().all(|line| line["result"] != "wrong"), "{report:#}");
    assert_eq!(server.terminate(), Some(0));
}

/// S143, S144: health on both listeners, metrics on the second one alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_metrics() {
    let mut place = Place::new(Engine::Sqlite).await;
    let metrics = format!("127.0.0.1:{}", binary::free_port());
    place.set("VISAGE_SERVER__METRICS_LISTEN", &metrics);
    let server = place.start().await;
    let http = tests::http();
    for origin in [place.issuer.clone(), format!("http://{metrics}")] {
        for path in ["/health/live", "/health/ready"] {
            let answer = Answer::of(http.get(format!("{origin}{path}"))).await.expect(200);
            assert_eq!(answer.headers["cache-control"], "no-store");
        }
    }
    assert_eq!(http.get(format!("{}/metrics", place.issuer)).send().await.unwrap().status(), 404);
    let text = http.get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("visage_http_requests_total"), "{text}");
    assert_eq!(server.terminate(), Some(0));
}
