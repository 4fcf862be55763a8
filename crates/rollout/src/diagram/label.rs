//! Text of others (queries, hooks, causes) in a label of Mermaid: it is shown as it is, whatever it is.

/// Writes text so that Mermaid reads it as text, at most `max` characters of it.
///
/// What Mermaid would read otherwise is written with its own entity codes. So is a letter of `style` and
/// `classDef`: Mermaid cuts the last `;` from lines with those words, which may be one of an entity.
pub(super) fn label(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut plain = String::with_capacity(text.len());
    for (count, c) in text.chars().filter(|c| !is_invisible(*c)).enumerate() {
        if count == max {
            out.push('…');
            break;
        }
        plain.push(c);
        let word = plain.ends_with("style") || plain.ends_with("classDef");
        match c {
            c if c.is_control() => out.push(' '),
            // Mermaid marks its own entities with these, and reads them more than once.
            'ﬂ' => out.push_str("fl"),
            '¶' => out.push_str("¶#8203;"),
            // Two of them begin a formula, also as entities.
            '$' if plain.ends_with("$$") => out.push_str("#8203;#36;"),
            // As in `C:\new`, which is no new line.
            'n' if plain.ends_with("\\n") => out.push_str("#8203;n"),
            c if is_read(c) || word => out.push_str(&format!("#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Characters that mean something to Mermaid, to HTML or to Markdown.
fn is_read(c: char) -> bool {
    matches!(
        c,
        '"' | '<' | '>' | '&' | '#' | ';' | '`' | '\\' | '*' | '_' | '%' | '$' | '~'
    )
}

/// Characters without a shape of their own, some of which turn the order of others around.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Writes a title as a string of YAML, in which everything but letters, digits and usual signs is
/// written as its number.
pub(super) fn title(text: &str, max: usize) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| !is_invisible(*c)).take(max) {
        match c {
            c if c.is_control() => out.push(' '),
            '"' | '\\' | '%' | '#' | ';' | '<' | '>' | '&' | '{' | '}' | '`' | 'ﬂ' | '¶' => {
                out.push_str(&format!("\\U{:08X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{label, title};

    #[test]
    fn what_mermaid_would_read_is_written_as_its_number() {
        assert_eq!(label("\"<b>\" & #1", 99), "#34;#60;b#62;#34; #38; #35;1");
        assert_eq!(label("a\nb\u{1b}[0m\u{202e}", 99), "a b [0m");
        assert_eq!(label("lifestyle", 99), "lifestyl#101;");
        assert_eq!(label(&"x".repeat(500), 160).chars().count(), 161);
    }

    #[test]
    fn a_title_is_a_string_of_yaml() {
        assert_eq!(
            title("1.0 → \"2\"\n", 99),
            "\"1.0 → \\U000000222\\U00000022 \""
        );
    }
}
