//! What the end of an application's log says a person should do.

/// Reads the end of a log; a hint, if a cause is known that has a remedy.
pub(crate) fn hint(log: &str) -> Option<String> {
    let names = project::missing_variables(log);
    let (noun, it) = match names.len() {
        0 => return None,
        1 => ("variable", "it"),
        _ => ("variables", "them"),
    };
    Some(format!(
        "the app wants the environment {noun} {}: set {it} in [env] of cutover.toml, or in the file that \
         env_file names",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unset_variables_are_named_with_the_remedy() {
        let log = "** (RuntimeError) environment variable SECRET_KEY_BASE is missing.\n";
        let hint = hint(log).unwrap();
        assert!(
            hint.starts_with(
                "the app wants the environment variable SECRET_KEY_BASE: set it in [env]"
            ),
            "{hint}"
        );
        assert_eq!(super::hint("all is well"), None);
    }
}
