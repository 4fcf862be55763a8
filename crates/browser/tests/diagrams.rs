//! Every diagram that is kept as an example is drawn by Mermaid itself, and shows every step's name.
//!
//! With `CUTOVER_PICTURES=DIR` pictures are left there, for people to look at.

use std::path::{Path, PathBuf};

use browser::{Browser, mermaid};

/// What is in the example of texts that would break a diagram, as a person has to read it.
const ANY_TEXT: [&str; 9] = [
    r#"sum(rate(x{v="1", p=~"/a|/b"}[5m])) > 0.5; end"#,
    "<script>alert(1)</script> <b>bold</b> &amp; <br/>",
    "]}) --> step0 ((x)) -.-> end; subgraph a[\"",
    "%%{init: {'theme':'dark'}}%% %% comment",
    "my lifestyle: a#quot;b; classDef x:#35; linkStyle 0 stroke:#f00;",
    "`code` **strong** _em_ # heading 1. list - item",
    r"a\nb \u0041 $$x^2$$ C:\temp #9829; &#9829;",
    "fl°°60¶ß 日本語 ümlaut 🚀 gnihton",
    "1.0 \"%%{init}%%\" <b>#35; serves",
];

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
        if name == "any-text" {
            // Text of others is shown as it is, and is never read as anything else.
            let text: String = drawn.text.split_whitespace().collect();
            let text = text.replace('\u{200b}', "");
            for shown in ANY_TEXT {
                let shown: String = shown.split_whitespace().collect();
                assert!(text.contains(&shown), "{shown}: {text}");
            }
            assert!(!drawn.svg.contains("<script"), "{}", drawn.svg);
        }
        if let Some(dir) = &pictures {
            let picture = browser.picture().await.unwrap();
            let mut file = std::fs::File::create(dir.join(format!("{name}.png"))).unwrap();
            std::io::Write::write_all(&mut file, &picture).unwrap();
        }
    }
    browser.close().await;
}
