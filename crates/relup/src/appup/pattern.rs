//! Versions that are regular expressions.
//!
//! OTP hands them to `re:run/3`, that is to PCRE. Here they go to another engine, which means the same
//! by what both know alike and might mean something else by the rest. So a pattern is first read by a
//! grammar of what is alike, and refused where it leaves that grammar: a wrong match would choose
//! wrong instructions.

use regex_lite::Regex;

/// Why it cannot be told whether a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern or the version has a character beyond ASCII, of which OTP's classes are those of
    /// Latin-1.
    #[error("the pattern or the version is not plain ASCII")]
    NotAscii,
    /// The pattern, or the nesting of its groups, is longer than any for versions need be.
    #[error("the pattern is longer or deeper than is read")]
    Size,
    /// The pattern has a construct that is not read.
    #[error("the pattern has {what}, which is not understood here, at character {at}")]
    Construct {
        /// The construct.
        what: &'static str,
        /// Where it starts, counted from 1.
        at: usize,
    },
    /// The pattern is no regular expression.
    #[error("the pattern is no regular expression: {0}")]
    Syntax(String),
    /// The version has a line break, which patterns treat in ways of their own.
    #[error("the version has a line break")]
    LineBreak,
}

/// Whether what the pattern matches first is the whole version.
pub(super) fn matches_whole(pattern: &[u8], vsn: &str) -> Result<bool, PatternError> {
    let pattern = str::from_utf8(pattern).map_err(|_| PatternError::NotAscii)?;
    if !pattern.is_ascii() || !vsn.is_ascii() {
        return Err(PatternError::NotAscii);
    }
    check(pattern)?;
    if vsn.contains(['\n', '\r']) {
        return Err(PatternError::LineBreak);
    }
    let regex = Regex::new(pattern).map_err(|e| PatternError::Syntax(e.to_string()))?;
    let found = regex.find(vsn);
    Ok(found.is_some_and(|found| found.range() == (0..vsn.len())))
}

/// Accepts patterns of literals, classes, groups, alternatives and plain quantifiers.
fn check(pattern: &str) -> Result<(), PatternError> {
    const CHARS_MAX: usize = 4096;
    let chars: Vec<char> = pattern.chars().take(CHARS_MAX + 1).collect();
    if chars.len() > CHARS_MAX {
        return Err(PatternError::Size);
    }
    let mut grammar = Grammar { chars, at: 0 };
    grammar.alternatives(0)?;
    match grammar.peek() {
        None => Ok(()),
        Some(_) => Err(grammar.refuse("a parenthesis that closes nothing")),
    }
}

/// What an atom of a pattern matches.
#[derive(PartialEq, Eq)]
enum Matches {
    /// One character or more.
    Something,
    /// Perhaps no character.
    MaybeNothing,
    /// Never a character: a place between two.
    Place,
}

struct Grammar {
    chars: Vec<char>,
    at: usize,
}

impl Grammar {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let here = self.chars[self.at..].iter().copied();
        let eaten = here.take(text.len()).eq(text.chars());
        if eaten {
            self.at += text.len();
        }
        eaten
    }

    fn refuse(&self, what: &'static str) -> PatternError {
        let at = self.at + 1;
        PatternError::Construct { what, at }
    }

    /// Reads up to a closing parenthesis or the end; whether what it read can match nothing at all.
    fn alternatives(&mut self, depth: usize) -> Result<bool, PatternError> {
        const DEPTH_MAX: usize = 32;
        if depth > DEPTH_MAX {
            return Err(PatternError::Size);
        }
        let mut nullable = self.sequence(depth)?;
        while self.eat("|") {
            nullable |= self.sequence(depth)?;
        }
        Ok(nullable)
    }

    fn sequence(&mut self, depth: usize) -> Result<bool, PatternError> {
        let mut nullable = true;
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let of_atom = self.atom(c, depth)?;
            let optional = self.quantifier(&of_atom)?;
            nullable &= optional || !matches!(of_atom, Matches::Something);
        }
        Ok(nullable)
    }

    fn atom(&mut self, c: char, depth: usize) -> Result<Matches, PatternError> {
        match c {
            '(' => match self.group(depth)? {
                true => Ok(Matches::MaybeNothing),
                false => Ok(Matches::Something),
            },
            '[' => self.class(),
            '\\' => self.escape(),
            '^' | '$' => {
                self.at += 1;
                Ok(Matches::Place)
            }
            '*' | '+' | '?' | '{' => Err(self.refuse("a quantifier of nothing")),
            _ => {
                self.at += 1;
                Ok(Matches::Something)
            }
        }
    }

    fn group(&mut self, depth: usize) -> Result<bool, PatternError> {
        if !self.eat("(?:") {
            if self.eat("(?") {
                self.at -= 2;
                return Err(self.refuse("a group of a special kind"));
            }
            self.at += 1;
        }
        let nullable = self.alternatives(depth + 1)?;
        match self.eat(")") {
            true => Ok(nullable),
            false => Err(self.refuse("a group that is not closed")),
        }
    }

    fn escape(&mut self) -> Result<Matches, PatternError> {
        let matches = match self.chars.get(self.at + 1) {
            Some('A' | 'z' | 'b' | 'B') => Matches::Place,
            Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't') => Matches::Something,
            Some(c) if c.is_ascii_punctuation() && !matches!(c, '<' | '>') => Matches::Something,
            _ => return Err(self.refuse("an escape of a special kind")),
        };
        self.at += 2;
        Ok(matches)
    }

    fn class(&mut self) -> Result<Matches, PatternError> {
        self.at += 1;
        let _negated = self.eat("^");
        let mut first = true;
        loop {
            match self.peek() {
                None => return Err(self.refuse("a class that is not closed")),
                Some(']') if !first => break,
                Some('\\') => {
                    if self.escape()? == Matches::Place {
                        self.at -= 2;
                        return Err(self.refuse("an escape of a special kind"));
                    }
                }
                Some('[') => return Err(self.refuse("a bracket in a class")),
                Some(c @ ('&' | '-' | '~')) if self.chars.get(self.at + 1) == Some(&c) => {
                    return Err(self.refuse("an operator of classes"));
                }
                Some(_) => self.at += 1,
            }
            first = false;
        }
        self.at += 1;
        Ok(Matches::Something)
    }

    /// Reads a quantifier if there is one; whether it allows for no occurrence.
    fn quantifier(&mut self, of: &Matches) -> Result<bool, PatternError> {
        let start = self.at;
        let (min, many) = match self.peek() {
            Some('*') => (0, true),
            Some('+') => (1, true),
            Some('?') => (0, false),
            Some('{') => (self.counted()?, true),
            _ => return Ok(false),
        };
        match of {
            Matches::Place => {
                self.at = start;
                return Err(self.refuse("a quantifier of a place"));
            }
            Matches::MaybeNothing if many => {
                self.at = start;
                // When such a loop ends differs among engines.
                return Err(self.refuse("a repetition of what may be empty"));
            }
            Matches::MaybeNothing | Matches::Something => {}
        }
        self.at += 1;
        let _lazy = self.eat("?");
        match self.peek() {
            Some('*' | '+' | '?' | '{') => Err(self.refuse("a quantifier of a quantifier")),
            _ => Ok(min == 0),
        }
    }

    /// Reads `{N}`, `{N,}` or `{N,M}` up to its last character; its least number.
    fn counted(&mut self) -> Result<usize, PatternError> {
        let start = self.at;
        let end = self.chars[start..].iter().position(|c| *c == '}');
        let text: String = match end {
            Some(length) => self.chars[start + 1..start + length].iter().collect(),
            None => return Err(self.refuse("a brace that is no quantifier")),
        };
        let number = |text: &str| {
            let plain = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.parse::<usize>().ok()).flatten()
        };
        let (min, max) = match text.split_once(',') {
            None => (number(&text), None),
            Some((min, "")) => (number(min), None),
            Some((min, max)) => (number(min), Some(number(max))),
        };
        match (min, max) {
            (Some(min), None) => {
                self.at = start + text.len() + 1;
                Ok(min)
            }
            (Some(min), Some(Some(max))) if min <= max => {
                self.at = start + text.len() + 1;
                Ok(min)
            }
            _ => Err(self.refuse("a brace that is no quantifier")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_version_or_not_at_all() {
        for (pattern, vsn, matches) in [
            (r"1\.0", "1.0", true),
            (r"1\.0", "1.0.1", false),
            (r"^8\.0\.0(?:\.[0-9]+)+$", "8.0.0.12", true),
            (r"^8\.0\.0(?:\.[0-9]+)+$", "8.0.0", false),
            (r"10\..*", "10.8.7", true),
            (r"10\..*", "110.8.7", false),
            (r"1\.[0-3](\.\d{1,2})?", "1.2.33", true),
            // The first alternative that matches counts, however short.
            (r"1|1\.0", "1.0", false),
            (r"1\.0|1", "1.0", true),
            (r"1.*?", "1.0", false),
            (r"[^]x]+", "1.0", true),
            ("", "", true),
        ] {
            let found = matches_whole(pattern.as_bytes(), vsn);
            assert_eq!(found, Ok(matches), "{pattern} on {vsn}");
        }
    }

    #[test]
    fn what_another_engine_may_read_otherwise_is_refused() {
        for pattern in [
            r"1\.0*+",
            r"(?=1)1",
            r"(?i)a",
            r"(?>a)b",
            r"(a)\1",
            r"\h",
            r"\v",
            r"\<",
            r"a{,3}",
            r"a{3",
            r"[[:digit:]]",
            r"[a&&b]",
            r"[a--b]",
            r"a**",
            r"(a*)*",
            r"(|a)+",
            r"^*",
            r"*a",
            r"a$?",
            r"\b?",
            r"\Q.\E",
            r"\x41",
            r"\p{L}",
            r"(a",
            r"a)",
            r"[a",
            r"a{2}{3}",
            r"[\b]",
            "\\",
        ] {
            let found = matches_whole(pattern.as_bytes(), "1.0");
            assert!(
                matches!(found, Err(PatternError::Construct { .. })),
                "{pattern}: {found:?}"
            );
        }
        let found = matches_whole(b"[z-a]", "1");
        assert!(matches!(found, Err(PatternError::Syntax(_))), "{found:?}");
        for (pattern, vsn) in [(&b"1\xff"[..], "1"), (b".", "é"), ("é".as_bytes(), "é")] {
            assert_eq!(matches_whole(pattern, vsn), Err(PatternError::NotAscii));
        }
        assert_eq!(matches_whole(b"1$", "1\n"), Err(PatternError::LineBreak));
        let deep = "(".repeat(4000);
        assert_eq!(matches_whole(deep.as_bytes(), "1"), Err(PatternError::Size));
    }
}
