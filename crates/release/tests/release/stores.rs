//! Finding artifacts again.

use std::fs;

use release::Store;
use release::store::StoreError;

use crate::sample::{Workshop, copy, root};

#[test]
fn an_artifact_is_found_by_what_a_person_types() {
    let workshop = Workshop::new();
    let first = workshop.pack(&root());
    let changed = copy();
    fs::write(
        changed.path().join("lib/tiny-0.1.0/priv/data.txt"),
        "changed\n",
    )
    .unwrap();
    let second = workshop.pack(changed.path());
    assert_ne!(first.id, second.id);
    let store = &workshop.store;
    let find = |wanted: &str| store.find(wanted).unwrap().id;
    assert_eq!(find("latest"), second.id);
    assert_eq!(find("0.1.0"), second.id, "the newest of that version");
    assert_eq!(find(&first.id.to_string()), first.id);
    assert_eq!(find(&first.id.short()), first.id);
    assert_eq!(find(&first.id.short().to_uppercase()), first.id);
    let listed: Vec<_> = store.list().unwrap().iter().map(|s| s.id).collect();
    assert_eq!(listed, [second.id, first.id]);
    assert_eq!(store.manifest(&first.id).unwrap(), first.manifest);
    for wanted in ["", "a", "0.2.0", "zzzz", "../x"] {
        let message = store.find(wanted).unwrap_err().to_string();
        assert!(message.contains("no artifact"), "{message}");
    }

    // A build that gives an older artifact again makes it the latest.
    workshop.pack(&root());
    assert_eq!(find("latest"), first.id);

    fs::write(store.debug_path(&first.id), "chunks").unwrap();
    store.remove(&first.id).unwrap();
    store.remove(&first.id).unwrap();
    assert!(!store.contains(&first.id) && !store.debug_path(&first.id).exists());
    assert!(matches!(
        store.find(&first.id.short()),
        Err(StoreError::NotFound { .. })
    ));
}

#[test]
fn digits_that_mean_several_are_ambiguous() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("artifacts")).unwrap();
    for last in ["a", "b"] {
        let name = format!(
            "{}{last}.cutover",
            "0123456789abcdef".repeat(4).split_at(63).0
        );
        fs::write(store.dir().join(name), "").unwrap();
    }
    fs::write(store.dir().join("notes.txt"), "").unwrap();
    assert_eq!(store.list().unwrap().len(), 2);
    let message = store.find("0123").unwrap_err().to_string();
    assert!(
        message.contains("means several artifacts: 0123456789ab, 0123456789ab"),
        "{message}"
    );
}
