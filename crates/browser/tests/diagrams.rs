//! Every diagram that is kept as an example is drawn by Mermaid itself, and shows every step's name.
//!
//! With `CUTOVER_PICTURES=DIR` pictures are left there, for people to look at.

use std::path::{Path, PathBuf};

use browser::{Browser, mermaid};

/// Names of steps: what is bold at the begin of a node.
fn names(diagram: &str) -> Vec<&str> {
    diagram
        .lines()
        .filter(|line| line.trim_start().starts_with("step") && line.contains("\"<b>"))
        .filter_map(|line| line.split_once("<b>")?.1.split_once("</b>"))
        .map(|(name, _)| name)
        .collect()
}

fn examples() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rollout/tests/diagram/golden");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "mmd"))
        .collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn mermaid_draws_every_example_with_the_name_of_each_step() {
    let browser = Browser::open().await.unwrap();
    let pictures = std::env::var_os("CUTOVER_PICTURES").map(PathBuf::from);
    let examples = examples();
    assert!(examples.len() > 20, "{}", examples.len());
    for path in examples {
        let diagram = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let drawn = mermaid::draw(&browser, &diagram)
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let names = names(&diagram);
        assert!(names.len() > 2, "{name}: {names:?}");
        for step in names {
            assert!(drawn.text.contains(step), "{name}: {step}: {}", drawn.text);
        }
        assert!(!drawn.text.contains("Syntax error"), "{name}");
        if let Some(dir) = &pictures {
            let picture = browser.picture().await.unwrap();
            let mut file = std::fs::File::create(dir.join(format!("{name}.png"))).unwrap();
            std::io::Write::write_all(&mut file, &picture).unwrap();
        }
    }
    browser.close().await;
}
