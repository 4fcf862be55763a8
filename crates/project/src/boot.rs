//! What the end of an application's log says of why it did not boot.

/// The longest name of a variable that is believed.
const NAME_BYTES_MAX: usize = 128;

/// Finds the environment variables whose absence ended a boot, in the order they are named in the log.
///
/// It knows Elixir's own words (`System.fetch_env!`) and those that Phoenix generates into `runtime.exs`
/// (`raise "environment variable NAME is missing."`).
pub fn missing_variables(log: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in log.lines() {
        let name = quoted(line).or_else(|| generated(line));
        if let Some(name) = name
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// `could not fetch environment variable "NAME" because it is not set`
fn quoted(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("could not fetch environment variable \"")?;
    let (name, rest) = rest.split_once('"')?;
    (rest.starts_with(" because it is not set") && is_name(name)).then_some(name)
}

/// `environment variable NAME is missing.`
fn generated(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("environment variable ")?;
    let (name, _) = rest.split_once(" is missing")?;
    let name = name.trim_matches(['"', '\'', '`']);
    is_name(name).then_some(name)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_a_boot_failed_for_are_named_once() {
        let log = r#"
ERROR! Config provider Config.Provider failed with:
** (System.EnvError) could not fetch environment variable "SECRET_KEY_BASE" because it is not set
    (elixir 1.14.0) lib/system.ex:706: System.fetch_env!/1
** (RuntimeError) environment variable DATABASE_URL is missing.
For example: ecto://USER:PASS@HOST/DATABASE
Runtime terminating during boot ({#{message=><<"environment variable DATABASE_URL is missing.">>}})
"#;
        assert_eq!(missing_variables(log), ["SECRET_KEY_BASE", "DATABASE_URL"]);
    }

    #[test]
    fn other_words_about_variables_are_no_reason() {
        for line in [
            "environment variable  is missing",
            "the environment variable A B is missing",
            "could not fetch environment variable \"A\" in time",
            "could not fetch environment variable \"",
            "",
        ] {
            assert!(missing_variables(line).is_empty(), "{line}");
        }
    }
}
