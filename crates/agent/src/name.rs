//! Names in paths and node names: checked where they come in, since they become paths on disk.

use crate::refusal::Refusal;

/// A service of an environment, `service.environment`.
pub(crate) fn service(key: &str) -> Result<(&str, &str), Refusal> {
    key.split_once('.')
        .filter(|(service, environment)| word(service) && word(environment))
        .ok_or_else(|| {
            let reason = "it must be service.environment, each of a-z, 0-9, _ and -";
            Refusal::bad("bad_name", format!("{key:?} is no service key: {reason}"))
        })
}

/// An instance of a service: `service.environment-slot`.
pub(crate) fn instance(id: &str) -> Result<(&str, u32), Refusal> {
    let bad = || {
        Refusal::bad(
            "bad_name",
            format!("{id:?} is no instance: it must be service.environment-slot"),
        )
    };
    let (key, slot) = id.rsplit_once('-').ok_or_else(bad)?;
    service(key)?;
    let number: u32 = slot.parse().map_err(|_| bad())?;
    if number == 0 || number.to_string() != slot {
        return Err(bad());
    }
    Ok((key, number))
}

/// A run's id; it becomes a directory.
pub(crate) fn run(id: &str) -> Result<(), Refusal> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=128).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(fits) {
        return Ok(());
    }
    let reason = "letters, digits, `.`, `_` and `-`, at most 128";
    Err(Refusal::bad(
        "bad_name",
        format!("{id:?} is no run id: {reason}"),
    ))
}

/// The first part of a node name.
pub(crate) fn node(name: &str) -> Result<(), Refusal> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if !name.is_empty() && name.len() <= 128 && name.bytes().all(fits) {
        return Ok(());
    }
    Err(Refusal::bad(
        "bad_name",
        format!("{name:?} is no node name"),
    ))
}

fn word(text: &str) -> bool {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    text.len() <= 100
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_their_directory_are_refused() {
        assert_eq!(service("shop.production").unwrap(), ("shop", "production"));
        assert_eq!(
            instance("shop-eu.production-12").unwrap(),
            ("shop-eu.production", 12)
        );
        for bad in ["", "shop", "../x.y", "shop.a.b", "Shop.x", "shop.", ".x"] {
            assert!(service(bad).is_err(), "{bad}");
        }
        for bad in [
            "shop.production",
            "shop.production-0",
            "shop.production-01",
            "a.b-../1",
        ] {
            assert!(instance(bad).is_err(), "{bad}");
        }
        for bad in ["", "..", "a/b", ".hidden"] {
            assert!(run(bad).is_err(), "{bad}");
        }
        run("shop.production.7-release").unwrap();
        assert!(node("shop@x").is_err());
    }
}
