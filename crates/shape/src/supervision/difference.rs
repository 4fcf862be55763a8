//! How two lists of children differ.

use super::tree::{Item, Tree};
use super::{Child, Difference, Unseen, not_seen};
use crate::state::Version;

pub(super) fn between(
    old: Version<'_>,
    new: Version<'_>,
    before: Tree,
    after: Tree,
) -> Result<Vec<Difference>, Unseen> {
    let mut all = Vec::new();
    if before.form != after.form {
        all.push(Difference::Form {
            old: before.form,
            new: after.form,
        });
    }
    if before.flags != after.flags {
        all.push(Difference::Flags {
            old: before.flags,
            new: after.flags,
        });
    }
    let (unknown_before, unknown_after) = (unknown(&before.items), unknown(&after.items));
    if let Some(what) = unknown_before
        .iter()
        .find(|what| !unknown_after.contains(what))
    {
        return Err(not_seen(old, &format!("{what:.200}")));
    }
    if let Some(what) = unknown_after
        .iter()
        .find(|what| !unknown_before.contains(what))
    {
        return Err(not_seen(new, &format!("{what:.200}")));
    }
    let (olds, news) = (children(&before.items), children(&after.items));
    for child in &olds {
        match news.iter().find(|other| other.id == child.id) {
            None => all.push(Difference::Removed {
                child: (*child).clone(),
            }),
            Some(other) if other != child => all.push(Difference::Changed {
                old: (*child).clone(),
                new: (*other).clone(),
            }),
            Some(_) => {}
        }
    }
    for (index, child) in news.iter().enumerate() {
        if !olds.iter().any(|other| other.id == child.id) {
            all.push(Difference::Added {
                child: (*child).clone(),
                after: index.checked_sub(1).map(|before| news[before].id.clone()),
            });
        }
    }
    if order(&before.items, &after.items) != order(&after.items, &before.items) {
        all.push(Difference::Reordered);
    }
    Ok(all)
}

fn unknown(items: &[Item]) -> Vec<&String> {
    let unknown = items.iter().filter_map(|item| match item {
        Item::Unknown(what) => Some(what),
        Item::Child(_) => None,
    });
    unknown.collect()
}

fn children(items: &[Item]) -> Vec<&Child> {
    let children = items.iter().filter_map(|item| match item {
        Item::Child(child) => Some(&**child),
        Item::Unknown(_) => None,
    });
    children.collect()
}

/// What both lists have, in the order of the first.
fn order<'i>(items: &'i [Item], others: &[Item]) -> Vec<&'i str> {
    let name = |item: &'i Item| match item {
        Item::Child(child) => child.id.as_str(),
        Item::Unknown(what) => what,
    };
    let both = |item: &&Item| {
        others.iter().any(|other| match (item, other) {
            (Item::Child(one), Item::Child(other)) => one.id == other.id,
            (Item::Unknown(one), Item::Unknown(other)) => one == other,
            _ => false,
        })
    };
    items.iter().filter(both).map(name).collect()
}
