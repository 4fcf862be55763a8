//! Links between the repository's documents lead somewhere.

use std::fs;

/// Yields the targets of Markdown links in `text`, without fenced code.
fn targets(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let mut rest = line;
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            if let Some(end) = rest.find(')') {
                found.push(rest[..end].to_owned());
            }
        }
    }
    found
}

#[test]
fn no_link_in_a_document_is_dead() {
    let mut dead = Vec::new();
    for path in super::files_ending(&[".md"]) {
        let file = super::root().join(&path);
        let text = fs::read_to_string(&file).expect("a document");
        for target in targets(&text) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !file.parent().expect("a folder").join(target).exists() {
                dead.push(format!("{} → {target}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "dead links: {dead:#?}");
}
