//! Files that hold what is expected.

use std::io::Write as _;
use std::path::Path;

/// Compares text with a file of this directory, or writes the file where that is asked for.
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/diagram/golden")
        .join(name);
    if std::env::var_os("CUTOVER_BLESS").is_some() {
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "{name} is not as it was; CUTOVER_BLESS=1 writes it anew, then look at the difference. Now:\n{text}"
    );
}
