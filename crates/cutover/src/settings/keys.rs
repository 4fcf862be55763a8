//! Keys: where one is in the text, which there are, and which one was probably meant.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// The key at the byte `offset` of a TOML text, such as `deploy.watch`; `None` outside of any, or where
/// the text is not TOML.
pub(super) fn at(text: &str, offset: usize) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let path = descend(document.get_ref(), offset);
    (!path.is_empty()).then(|| path.join("."))
}

fn descend(table: &DeTable<'_>, offset: usize) -> Vec<String> {
    for (key, value) in table {
        let on_key = holds(&key.span(), offset);
        let in_value = holds(&value.span(), offset);
        let below = match value.get_ref() {
            // The span of a table is its header only: look into every one.
            DeValue::Table(inner) if !on_key => descend(inner, offset),
            _ => Vec::new(),
        };
        if on_key || in_value || !below.is_empty() {
            let mut path = vec![key.get_ref().to_string()];
            path.extend(below);
            return path;
        }
    }
    Vec::new()
}

fn holds(span: &Range<usize>, offset: usize) -> bool {
    span.contains(&offset) || (span.start == offset)
}

/// Every key that the file may hold, such as `deploy.watch`, from its schema.
pub(super) fn all() -> Vec<String> {
    fn walk(schema: &serde_json::Value, prefix: &str, keys: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(|p| p.as_object());
        for (name, inner) in properties.into_iter().flatten() {
            let key = format!("{prefix}{name}");
            walk(inner, &format!("{key}."), keys);
            let any_of = inner.get("anyOf").and_then(|a| a.as_array());
            for choice in any_of.into_iter().flatten() {
                walk(choice, &format!("{key}."), keys);
            }
            keys.push(key);
        }
    }
    let mut keys = Vec::new();
    walk(&super::file::schema(), "", &mut keys);
    keys
}

/// What to say of an unknown key: the one that was probably meant, or where it belongs.
pub(super) fn suggestion(unknown: &str, here: &str, expected: &[&str]) -> Option<String> {
    if let Some(near) = nearest(unknown, expected.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    // The very same key may be at home in another table.
    let all = all();
    let home = all
        .iter()
        .find(|key| key.rsplit('.').next() == Some(unknown))?;
    let table = home.rsplit_once('.').map_or("", |(table, _)| table);
    if table == here {
        return None;
    }
    Some(match table {
        "" => format!("`{unknown}` belongs at the top of the file, before the first [table]"),
        table => format!("`{unknown}` belongs in [{table}]"),
    })
}

/// The candidate nearest to `word`, if one is near enough to be meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let measured = candidates.map(|c| (strsim::damerau_levenshtein(word, c), c));
    let (distance, near) = measured.min_by_key(|(distance, _)| *distance)?;
    (distance <= limit).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_at_a_place_is_named_with_its_table() {
        let text = "service = \"shop\"\n[deploy]\nwatch = 5\n[environments.staging.proxy]\nlisten = \"x\"\n";
        for (needle, key) in [
            ("shop", "service"),
            ("watch", "deploy.watch"),
            ("5", "deploy.watch"),
            ("\"x\"", "environments.staging.proxy.listen"),
        ] {
            assert_eq!(
                at(text, text.find(needle).unwrap()).as_deref(),
                Some(key),
                "{needle}"
            );
        }
    }

    #[test]
    fn an_unknown_key_is_led_home() {
        let deploy = ["watch", "drain_timeout"];
        assert_eq!(
            suggestion("wach", "deploy", &deploy).as_deref(),
            Some("did you mean `watch`?")
        );
        assert_eq!(
            suggestion("listen", "deploy", &deploy).as_deref(),
            Some("`listen` belongs in [proxy]")
        );
        assert_eq!(
            suggestion("env_file", "deploy", &deploy).as_deref(),
            Some("`env_file` belongs at the top of the file, before the first [table]")
        );
        assert_eq!(suggestion("replicas", "deploy", &deploy), None);
    }
}
