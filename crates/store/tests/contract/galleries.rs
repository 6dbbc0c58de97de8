//! Galleries: who may change them, what waits for them, and that counting is right however many come at once.

use store::audit::AuditRow;
use store::galleries::{NewGallery, Place, Room, Sender};
use store::organizations::Denied;
use store::photo_blocks::PhotoBlock;
use store::pictures::{Picture, state};

use crate::{Fresh, NOW, furnish, on_both, pictures::picture, session};

fn sent(id: &str, sender: &Sender) -> Picture {
    Picture {
        user_id: Some(sender.user_id.clone()),
        client_id: sender.client_id.clone(),
        sid: sender.sid.clone(),
        purpose: "gallery".into(),
        state: state::STAGED.into(),
        key_base: format!("galleries/o/1-{id}"),
        sizes: "1600,800".into(),
        ..picture(id)
    }
}

fn browser(user: &str, sid: &str) -> Sender {
    Sender { user_id: user.into(), client_id: None, sid: Some(sid.into()) }
}

fn named(id: &str, organization: &str) -> NewGallery {
    let place = Place::Named { name: organization.into(), id: format!("org-{id}") };
    NewGallery { id: id.into(), name: format!("Gallery {id}"), place }
}

async fn furnished(fresh: &Fresh) {
    furnish(&fresh.store).await;
    for user in ["ada", "bob"] {
        fresh.store.begin_session(session(&format!("s-{user}"), user), None).await.unwrap();
    }
}

async fn waits(fresh: &Fresh, id: &str, sender: &Sender) -> Result<Picture, Denied> {
    fresh.store.stage_picture(sent(id, sender)).await.unwrap();
    fresh.store.place_waiting(id, sender.clone(), NOW).await.unwrap()
}

/// For the sweep's test: somebody was asked and never answered.
pub async fn invite(store: &store::Store) {
    store.create_gallery(browser("ada", "s1"), named("g1", "Lac"), NOW).await.unwrap().unwrap();
    assert_eq!(store.invite_owner("org-g1", "ada", "nobody@example.test", NOW).await.unwrap(), Ok(true));
}

/// Asked by one owner, the other says yes.
async fn joins(store: &store::Store, organization: &str, by: &str, user: &str) -> Result<(), Denied> {
    let email = format!("{user}@example.test");
    assert_eq!(store.invite_owner(organization, by, &email, NOW).await.unwrap(), Ok(true));
    store.accept_invitation(organization, user, NOW).await.unwrap()
}

fn ids(pictures: &[Picture]) -> Vec<&str> {
    pictures.iter().map(|picture| picture.id.as_str()).collect()
}

async fn ada_gallery(fresh: &Fresh, pictures: usize) -> Room {
    let ada = browser("ada", "s-ada");
    for number in 0..pictures {
        waits(fresh, &format!("p{number}"), &ada).await.unwrap();
    }
    fresh.store.create_gallery(ada, named("g1", "Lac"), NOW).await.unwrap().unwrap()
}

on_both!(waiting_pictures_become_a_gallery, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    let (ada, client) = (browser("ada", "s-ada"), Sender { client_id: Some("rp".into()), sid: None, ..browser("ada", "") });
    for id in ["p1", "p2", "p3"] {
        waits(&fresh, id, &ada).await.unwrap();
    }
    waits(&fresh, "q1", &client).await.unwrap();
    store.stage_picture(sent("late", &ada)).await.unwrap();
    assert_eq!(ids(&store.waiting_pictures(&ada).await.unwrap()), ["p1", "p2", "p3"], "what has no place does not wait");
    assert_eq!(ids(&store.waiting_pictures(&client).await.unwrap()), ["q1"]);
    assert!(store.waiting_pictures(&browser("bob", "s-ada")).await.unwrap().is_empty());
    assert!(!store.delete_waiting("p2", client.clone(), NOW).await.unwrap(), "not the client's");
    assert!(!store.delete_waiting("p2", browser("bob", "s-bob"), NOW).await.unwrap());
    assert!(store.delete_waiting("p2", ada.clone(), NOW).await.unwrap());
    assert!(!store.delete_waiting("p2", ada.clone(), NOW).await.unwrap(), "once");

    let room = store.create_gallery(ada.clone(), named("g1", "Lac"), NOW).await.unwrap().unwrap();
    assert_eq!((ids(&room.pictures), room.organization.name.as_str()), (vec!["p1", "p3"], "Lac"));
    assert_eq!(room.pictures.iter().map(|p| p.position).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(store.waiting_pictures(&ada).await.unwrap().is_empty());
    assert_eq!(ids(&store.waiting_pictures(&client).await.unwrap()), ["q1"]);
    // The same name is the same organization; somebody else's of that name is another.
    let again = store.create_gallery(client, named("g2", "Lac"), NOW).await.unwrap().unwrap();
    assert_eq!(again.organization.id, room.organization.id);
    let bob = browser("bob", "s-bob");
    let other = store.create_gallery(bob.clone(), named("g3", "Lac"), NOW).await.unwrap().unwrap();
    assert_ne!(other.organization.id, room.organization.id);
    let foreign = NewGallery { place: Place::Existing(room.organization.id.clone()), ..named("g4", "") };
    assert_eq!(store.create_gallery(bob, foreign, NOW).await.unwrap().unwrap_err(), Denied::NoOrganization);
    let rooms = store.galleries_of("ada").await.unwrap();
    assert_eq!(rooms.iter().map(|room| room.gallery.id.as_str()).collect::<Vec<_>>(), ["g1", "g2"]);
    assert_eq!((ids(&rooms[0].pictures), ids(&rooms[1].pictures)), (vec!["p1", "p3"], vec!["q1"]));
});

// Twenty at once where nine are there: one gets in, and of the others nothing is left.
on_both!(the_tenth_is_the_last_however_many_come, fresh => {
    furnished(&fresh).await;
    let room = ada_gallery(&fresh, 9).await;
    let ada = browser("ada", "s-ada");
    let before = fresh.store.deletions_waiting().await.unwrap();
    let all: Vec<_> = (0..20).map(|number| {
        let (store, id, sender) = (fresh.store.clone(), format!("n{number}"), ada.clone());
        tokio::spawn(async move {
            store.stage_picture(sent(&id, &sender)).await.unwrap();
            store.add_to_gallery("g1", "ada", &id, NOW).await.unwrap().is_ok()
        })
    }).collect();
    let mut added = 0;
    for one in all {
        added += usize::from(one.await.unwrap());
    }
    assert_eq!(added, 1);
    let shown = fresh.store.gallery("g1", "ada").await.unwrap().unwrap().pictures;
    assert_eq!((shown.len(), room.pictures.len()), (10, 9));
    assert_eq!(shown.iter().map(|p| p.position.unwrap()).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    assert_eq!(fresh.store.deletions_waiting().await.unwrap() - before, 19 * 2);
});

on_both!(ten_wait_however_many_come, fresh => {
    furnished(&fresh).await;
    let ada = browser("ada", "s-ada");
    for number in 0..9 {
        waits(&fresh, &format!("p{number}"), &ada).await.unwrap();
    }
    let all: Vec<_> = (0..20).map(|number| {
        let (store, id, sender) = (fresh.store.clone(), format!("n{number}"), ada.clone());
        tokio::spawn(async move {
            store.stage_picture(sent(&id, &sender)).await.unwrap();
            store.place_waiting(&id, sender, NOW).await.unwrap()
        })
    }).collect();
    let mut placed = Vec::new();
    for one in all {
        placed.push(one.await.unwrap());
    }
    assert_eq!(placed.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(placed.iter().all(|one| matches!(one, Ok(_) | Err(Denied::Full))));
    let waiting = fresh.store.waiting_pictures(&ada).await.unwrap();
    assert_eq!(waiting.iter().map(|p| p.position.unwrap()).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    // Two galleries at once share them out: each picture is in one.
    let both = ["a", "b"].map(|id| {
        let (store, sender) = (fresh.store.clone(), ada.clone());
        tokio::spawn(async move { store.create_gallery(sender, named(id, "Lac"), NOW).await.unwrap().unwrap() })
    });
    let mut taken = Vec::new();
    let mut organizations = Vec::new();
    for one in both {
        let room = one.await.unwrap();
        organizations.push(room.organization.id);
        taken.extend(room.pictures);
    }
    assert_eq!(taken.len(), 10);
    assert_eq!(organizations[0], organizations[1], "one organization of that name");
});

on_both!(order_captions_and_removal, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    ada_gallery(&fresh, 3).await;
    let order = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let reorder = async |user: &str, ids: &[&str]| store.reorder_gallery("g1", user, order(ids), NOW).await.unwrap();
    assert_eq!(reorder("ada", &["p2", "p0", "p1"]).await, Ok(()));
    let shown = async || store.gallery("g1", "ada").await.unwrap().unwrap().pictures;
    assert_eq!(ids(&shown().await), ["p2", "p0", "p1"]);
    for bad in [&["p2", "p0"][..], &["p2", "p0", "p0"], &["p2", "p0", "p1", "p1"], &["p2", "p0", "x"], &[]] {
        assert_eq!(reorder("ada", bad).await, Err(Denied::Order), "{bad:?}");
    }
    assert_eq!(reorder("bob", &["p0", "p1", "p2"]).await, Err(Denied::NotFound));
    assert_eq!(ids(&shown().await), ["p2", "p0", "p1"]);

    let caption = |user: &'static str, id: &'static str| {
        store.caption_picture("g1", user, id, Some("Blue".into()), NOW)
    };
    assert_eq!(caption("bob", "p0").await.unwrap(), Err(Denied::NotFound));
    assert_eq!(caption("ada", "x").await.unwrap(), Err(Denied::NotFound));
    assert_eq!(caption("ada", "p0").await.unwrap(), Ok(()));
    assert_eq!(shown().await[1].caption.as_deref(), Some("Blue"));

    assert_eq!(store.remove_from_gallery("g1", "bob", "p0", 0, NOW).await.unwrap(), Err(Denied::NotFound));
    assert_eq!(store.remove_from_gallery("g1", "ada", "p0", 0, NOW).await.unwrap(), Ok(()));
    assert_eq!(store.remove_from_gallery("g1", "ada", "p0", 0, NOW).await.unwrap(), Err(Denied::NotFound));
    assert_eq!((ids(&shown().await), store.deletions_waiting().await.unwrap()), (vec!["p2", "p1"], 2));
    assert_eq!(store.delete_gallery("g1", "bob", 0, NOW).await.unwrap(), Err(Denied::NotFound));
    assert_eq!(store.delete_gallery("g1", "ada", 0, NOW).await.unwrap(), Ok(()));
    assert!(store.gallery("g1", "ada").await.unwrap().is_none());
    assert_eq!(store.deletions_waiting().await.unwrap(), 6);
});

on_both!(an_organization_keeps_an_owner, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    let organization = ada_gallery(&fresh, 1).await.organization.id;
    let bobs = store.create_gallery(browser("bob", "s-bob"), named("g9", "Forêt"), NOW).await.unwrap().unwrap();
    assert_eq!(store.remove_owner(&organization, "ada", "ada").await.unwrap(), Err(Denied::LastOwner));
    let invite = |by: &str, email: &str| {
        let (store, organization, by, email) = (store.clone(), organization.clone(), by.to_owned(), email.to_owned());
        async move { store.invite_owner(&organization, &by, &email, NOW).await.unwrap() }
    };
    assert_eq!(invite("bob", "bob@example.test").await, Err(Denied::NotFound));
    assert_eq!(invite("ada", "ada@example.test").await, Ok(false));
    assert_eq!(store.accept_invitation(&organization, "bob", NOW).await.unwrap(), Err(Denied::NotFound), "nobody asked");
    for _ in 0..2 {
        assert_eq!(invite("ada", "bob@example.test").await, Ok(true));
    }
    assert_eq!(invite("ada", "nobody@example.test").await, Ok(true), "whether or not somebody has the address");
    assert_eq!(store.invited_owners(&organization).await.unwrap(), ["bob@example.test", "nobody@example.test"]);
    // Being asked changes nothing: not what their own names mean, not what they see.
    assert!(store.gallery("g1", "bob").await.unwrap().is_none());
    assert_eq!(store.organizations_of("bob").await.unwrap().len(), 1);
    assert_eq!(store.invitations_of("bob@example.test").await.unwrap()[0].id, organization);
    assert!(store.withdraw_invitation(&organization, "nobody@example.test").await.unwrap());
    assert!(!store.withdraw_invitation(&organization, "nobody@example.test").await.unwrap());
    assert_eq!(store.accept_invitation(&organization, "bob", NOW).await.unwrap(), Ok(()));
    assert_eq!(store.accept_invitation(&organization, "bob", NOW).await.unwrap(), Err(Denied::NotFound), "once");
    assert_eq!(invite("ada", "bob@example.test").await, Ok(false));
    assert!(store.gallery("g1", "bob").await.unwrap().is_some(), "an owner may see it");
    // Names are unique for each of its owners.
    let rename = |name: &str| store.rename_organization(&organization, "ada", name.to_owned());
    assert_eq!(rename("Forêt").await.unwrap(), Err(Denied::NameTaken));
    assert_eq!(rename("Étang").await.unwrap(), Ok(()));
    assert_eq!(store.organizations_of("bob").await.unwrap().len(), 2);
    let clash = store.rename_organization(&bobs.organization.id, "bob", "Étang".into()).await.unwrap();
    assert_eq!(clash, Err(Denied::NameTaken));
    // Two who remove each other: one stays.
    let both = [("ada", "bob"), ("bob", "ada")].map(|(user, other)| {
        let (store, id) = (store.clone(), organization.clone());
        tokio::spawn(async move { store.remove_owner(&id, user, other).await.unwrap() })
    });
    let mut removed = 0;
    for one in both {
        removed += usize::from(one.await.unwrap().is_ok());
    }
    assert_eq!(removed, 1);
    let left = [store.organization(&organization, "ada"), store.organization(&organization, "bob")];
    let mut owners = 0;
    for one in left {
        owners += one.await.unwrap().map_or(0, |(_, owners)| owners.len());
    }
    assert_eq!(owners, 1);
});

// Whoever leaves takes along what only they owned; what they gave to others stays, without their name.
on_both!(people_who_are_deleted, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    let room = ada_gallery(&fresh, 2).await;
    let bob = browser("bob", "s-bob");
    waits(&fresh, "b1", &bob).await.unwrap();
    store.create_gallery(bob.clone(), named("g2", "Forêt"), NOW).await.unwrap().unwrap();
    waits(&fresh, "b2", &bob).await.unwrap();
    joins(store, &room.organization.id, "ada", "bob").await.unwrap();
    store.stage_picture(sent("b3", &bob)).await.unwrap();
    store.add_to_gallery("g1", "bob", "b3", NOW).await.unwrap().unwrap();

    assert!(store.delete_user("bob", 0, NOW).await.unwrap());
    let shown = store.gallery("g1", "ada").await.unwrap().unwrap().pictures;
    assert_eq!(ids(&shown), ["p0", "p1", "b3"]);
    assert_eq!((&shown[2].user_id, shown[2].original_filename.as_str()), (&None, ""));
    assert_eq!(store.deletions_waiting().await.unwrap(), 4, "b1 in the gallery of his own, b2 that waited");
    assert!(store.delete_user("ada", 0, NOW).await.unwrap());
    assert_eq!(store.deletions_waiting().await.unwrap(), 10);
    assert!(store.picture("b3").await.unwrap().is_none_or(|picture| picture.state == state::SUPERSEDED));
    assert!(store.organizations_of("ada").await.unwrap().is_empty());
});

on_both!(what_waits_ends_with_its_session, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    let ada = browser("ada", "s-ada");
    waits(&fresh, "p1", &ada).await.unwrap();
    // Signing in again is the same browser: its pictures go along.
    let (old, new) = (session("s-ada", "ada"), session("s-new", "ada"));
    store.begin_session(new, Some(old.digest)).await.unwrap();
    assert_eq!(ids(&store.waiting_pictures(&ada).await.unwrap()), ["p1"]);
    assert!(store.end_session("s-ada", NOW).await.unwrap().is_some());
    assert!(store.waiting_pictures(&ada).await.unwrap().is_empty());
    assert_eq!(waits(&fresh, "p2", &ada).await, Err(Denied::NotFound), "that session is over");
    assert_eq!(store.deletions_waiting().await.unwrap(), 4);

    // Another person at the same browser; a new password; a disabled person; a session that was only swept.
    let bob = browser("bob", "s-bob");
    waits(&fresh, "b1", &bob).await.unwrap();
    store.begin_session(session("s-2", "ada"), Some(session("s-bob", "bob").digest)).await.unwrap();
    assert_eq!(store.deletions_waiting().await.unwrap(), 6);
    waits(&fresh, "p3", &browser("ada", "s-2")).await.unwrap();
    store.set_password("ada", "hash".into(), None, NOW).await.unwrap();
    assert_eq!(store.deletions_waiting().await.unwrap(), 8);
    store.begin_session(session("s-3", "ada"), None).await.unwrap();
    waits(&fresh, "p4", &browser("ada", "s-3")).await.unwrap();
    store.set_active("ada", false, NOW).await.unwrap();
    assert_eq!(store.deletions_waiting().await.unwrap(), 10);
    store.begin_session(session("s-4", "bob"), None).await.unwrap();
    waits(&fresh, "b2", &browser("bob", "s-4")).await.unwrap();
    assert_eq!(store.discard_left_behind(NOW).await.unwrap(), 0);
    store.sweep_expired(3600, NOW, NOW + 7_200_000_000).await.unwrap();
    assert_eq!(store.discard_left_behind(NOW).await.unwrap(), 1);
});

on_both!(who_is_blocked_adds_nothing, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    ada_gallery(&fresh, 1).await;
    let ada = browser("ada", "s-ada");
    waits(&fresh, "w", &ada).await.unwrap();
    let block = PhotoBlock { user_id: "ada".into(), reason: "r".into(), blocked_by: "root".into(), created_at: NOW };
    let entry = AuditRow { id: "b".into(), at: NOW, actor: None, action: "b".into(), subject: "ada".into(), detail: "{}".into() };
    assert!(store.block_photos(block, entry).await.unwrap());
    assert_eq!(waits(&fresh, "x", &ada).await, Err(Denied::Blocked));
    store.stage_picture(sent("y", &ada)).await.unwrap();
    assert_eq!(store.add_to_gallery("g1", "ada", "y", NOW).await.unwrap(), Err(Denied::Blocked));
    let room = store.create_gallery(ada, named("g2", "Lac"), NOW).await.unwrap().unwrap();
    assert!(room.pictures.is_empty(), "what waits is not shown");
});

// A name that is one's own stays one's own, whoever asks one in.
on_both!(an_invitation_takes_no_name_and_no_place, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    let adas = ada_gallery(&fresh, 0).await.organization.id;
    store.invite_owner(&adas, "ada", "bob@example.test", NOW).await.unwrap().unwrap();
    let bobs = store.create_gallery(browser("bob", "s-bob"), named("g2", "Lac"), NOW).await.unwrap().unwrap();
    assert_ne!(bobs.organization.id, adas);
    assert_eq!(joins(store, &adas, "ada", "bob").await, Err(Denied::NameTaken));
    assert_eq!(store.invitations_of("bob@example.test").await.unwrap().len(), 1, "it is still open");
    // Forty at once: as many as there may be, and no more.
    let all: Vec<_> = (0..40).map(|number| {
        let store = store.clone();
        let new = named(&format!("n{number}"), &format!("Name {number}"));
        tokio::spawn(async move { store.create_gallery(browser("bob", "s-bob"), new, NOW).await.unwrap().is_ok() })
    }).collect();
    for one in all {
        one.await.unwrap();
    }
    assert_eq!(store.organizations_of("bob").await.unwrap().len(), 20);
    store.rename_organization(&adas, "ada", "Ada's".into()).await.unwrap().unwrap();
    assert_eq!(store.accept_invitation(&adas, "bob", NOW).await.unwrap(), Err(Denied::Full));
});

// However many galleries there are, the person can be deleted.
on_both!(a_person_with_many_galleries_is_deleted, fresh => {
    furnished(&fresh).await;
    let store = &fresh.store;
    for number in 0..95 {
        let id = format!("g{number}");
        store.create_gallery(browser("bob", "s-bob"), named(&id, "Lac"), NOW).await.unwrap().unwrap();
        store.stage_picture(sent(&format!("p{number}"), &browser("bob", "s-bob"))).await.unwrap();
        store.add_to_gallery(&id, "bob", &format!("p{number}"), NOW).await.unwrap().unwrap();
    }
    assert!(store.delete_user("bob", 0, NOW).await.unwrap());
    assert!(store.user("bob").await.unwrap().is_none() && store.gallery("g7", "bob").await.unwrap().is_none());
    assert_eq!(store.deletions_waiting().await.unwrap(), 190);
});
