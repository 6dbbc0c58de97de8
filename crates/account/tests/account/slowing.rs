//! Brute force (S42).

use crate::{
    house::{Browser, House, PASSWORD, SECOND},
    on_both,
};

async fn fail(browser: &Browser, email: &str) -> u16 {
    browser.sign_in("/login", email, "wrong wrong wrong").await.status.as_u16()
}

async fn fail_often(house: &House, browser: &Browser, email: &str, times: usize) {
    for _ in 0..times {
        while fail(browser, email).await == 429 {
            house.clock.advance(SECOND);
        }
    }
}

// S42
on_both!(guessing_is_slowed_more_and_more, house => {
    house.person("ada").await;
    let attacker = house.browser();
    for _ in 0..6 {
        assert_eq!(fail(&attacker, "ada@example.test").await, 403);
    }
    let slowed = attacker.sign_in("/login", "ada@example.test", PASSWORD).await;
    // Not even the right password is looked at.
    slowed.is(429, "login").says("Too many tries");
    assert_eq!(slowed.retry_after, Some(1));
    house.clock.advance(SECOND);
    assert_eq!(fail(&attacker, "ada@example.test").await, 403);
    assert_eq!(fail(&attacker, "ada@example.test").await, 429);
    house.clock.advance(SECOND);
    assert_eq!(fail(&attacker, "ada@example.test").await, 429);
    house.clock.advance(SECOND);
    assert_eq!(fail(&attacker, "ada@example.test").await, 403);
    // Cookies thrown away make no difference, another node neither: the counters are rows.
    assert_eq!(fail(&house.browser(), "ada@example.test").await, 429);
    house.clock.advance(3600 * 24 * SECOND);
    attacker.sign_in("/login", "ada@example.test", PASSWORD).await.leads_to("/account");
});

// S42
on_both!(nobody_is_locked_out_by_somebody_else, house => {
    house.person("ada").await;
    let at_home = house.signed_in("ada@example.test").await;
    at_home.forget("__Host-visage-session");
    let attacker = house.browser();
    fail_often(&house, &attacker, "ada@example.test", 8).await;
    assert_eq!(fail(&attacker, "ada@example.test").await, 429);
    // Even from the attacker's own network the person's browser has a counter of its own …
    at_home.sign_in("/login", "ada@example.test", PASSWORD).await.leads_to("/account");
    // … and from elsewhere so has everybody.
    let mut elsewhere = house.browser();
    elsewhere.address = "198.51.100.7".into();
    elsewhere.sign_in("/login", "ada@example.test", PASSWORD).await.leads_to("/account");
    // The attacker gains nothing by it.
    assert_eq!(fail(&attacker, "ada@example.test").await, 429);
});

// S42
on_both!(a_known_browser_is_slowed_too, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    browser.forget("__Host-visage-session");
    for _ in 0..6 {
        assert_eq!(fail(&browser, "ada@example.test").await, 403);
    }
    assert_eq!(fail(&browser, "ada@example.test").await, 429);
    // It is known for the one person only: for another it counts as any other browser.
    house.person("bob").await;
    assert_eq!(fail(&browser, "bob@example.test").await, 403);
    // What was made up is not known.
    let liar = house.browser();
    liar.keep("__Host-visage-known", &format!("abc.{}", "A".repeat(43)));
    for _ in 0..6 {
        fail(&liar, "bob@example.test").await;
    }
    assert_eq!(fail(&liar, "bob@example.test").await, 429);
});

// S42
on_both!(many_places_slow_strangers_but_not_the_person, house => {
    house.person("ada").await;
    let at_home = house.signed_in("ada@example.test").await;
    at_home.forget("__Host-visage-session");
    for place in 0..60 {
        let mut attacker = house.browser();
        attacker.address = format!("203.0.113.{place}");
        assert_eq!(fail(&attacker, "ada@example.test").await, 403);
    }
    let mut insistent = house.browser();
    insistent.address = "203.0.113.7".into();
    assert_eq!(fail(&insistent, "ada@example.test").await, 403);
    assert_eq!(fail(&insistent, "ada@example.test").await, 429, "its third try");
    // However long they go on: a browser that is new, from a network that made no wrong try, is heard …
    let mut new = house.browser();
    new.address = "198.51.100.7".into();
    assert_eq!(fail(&new, "ada@example.test").await, 403, "mistyped");
    new.sign_in("/login", "ada@example.test", PASSWORD).await.leads_to("/account");
    // … and the person's own browser anyway.
    at_home.sign_in("/login", "ada@example.test", PASSWORD).await.leads_to("/account");
});

// S42
on_both!(one_place_that_tries_everybody_is_slowed, house => {
    let ada = house.person("ada").await;
    // The 101st failure begins the delay; hashing a hundred passwords would only take time here.
    let counters = |number: usize| {
        let email = format!("person{number}@example.test");
        house.core.store.begin_try(
            vec![store::attempts::Counter {
                digest: keyring::digest(b"address\x00192.0.2.1").to_vec(),
                delay: |_| 0,
                forget_after: 3600 * SECOND,
                spares: 0,
            }, store::attempts::Counter {
                digest: keyring::digest(email.as_bytes()).to_vec(),
                delay: |_| 0,
                forget_after: 3600 * SECOND,
                spares: 0,
            }],
            house.clock_now(),
        )
    };
    for number in 0..100 {
        assert_eq!(counters(number).await.unwrap(), None);
    }
    let attacker = house.browser();
    assert_eq!(fail(&attacker, "somebody@example.test").await, 403);
    assert_eq!(fail(&attacker, "else@example.test").await, 429);
    house.clock.advance(3600 * SECOND);
    attacker.sign_in("/login", &ada.email, PASSWORD).await.leads_to("/account");
});

// S42, I11: tries at the same moment are charged before anybody looks.
on_both!(tries_in_parallel_do_not_slip_through, house => {
    house.person("ada").await;
    let browsers: Vec<_> = (0..24).map(|_| house.browser()).collect();
    let tries = browsers.iter().map(|browser| fail(browser, "ada@example.test"));
    let statuses = futures_util::future::join_all(tries).await;
    let looked_at = statuses.iter().filter(|status| **status == 403).count();
    assert!(looked_at <= 6, "{statuses:?}");
});
