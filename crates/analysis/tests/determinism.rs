//! Decisions are replayed on other machines, so no logarithm of the platform may have a part in them.

use std::fs;
use std::path::Path;

#[test]
fn no_function_of_the_platforms_mathematics_is_called() {
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        read += 1;
        for function in [
            ".ln(",
            ".ln_1p(",
            ".log(",
            ".log2(",
            ".log10(",
            ".exp(",
            ".exp2(",
            ".exp_m1(",
            ".powf(",
            ".powi(",
            ".mul_add(",
            "f64::ln",
            "f64::exp",
            "f64::powf",
            "f32",
        ] {
            assert!(
                !text.contains(function),
                "{}: `{function}` differs between machines; use libm",
                path.display()
            );
        }
    }
    assert!(read > 10, "only {read} files were read");
}
