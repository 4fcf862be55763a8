//! Mermaid itself, as people's wikis and forges run it.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::driver::{Browser, Error};

/// A diagram as Mermaid drew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The picture.
    pub svg: String,
    /// The text in it, as a person reads it.
    pub text: String,
}

/// Returns where `script/setup` put Mermaid.
pub fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/mermaid/mermaid.min.js")
}

/// Has Mermaid draw a diagram.
///
/// # Errors
/// Mermaid's own words where it cannot read the diagram; a hint where Mermaid is not there.
pub async fn draw(browser: &Browser, diagram: &str) -> Result<Drawn, Error> {
    let library = library();
    let library = library
        .canonicalize()
        .map_err(|e| Error::Page(format!("{}: {e}; run script/setup", library.display())))?;
    browser.go("about:blank").await?;
    // Read as a file of the machine: a test has no network.
    let source = std::fs::read_to_string(&library)
        .map_err(|e| Error::Page(format!("{}: {e}", library.display())))?;
    let script = "
        const script = document.createElement('script');
        script.textContent = arguments[0];
        document.head.append(script);
        mermaid.initialize({startOnLoad: false, securityLevel: 'strict'});
        const {svg} = await mermaid.render('diagram', arguments[1]);
        document.body.innerHTML = svg;
        return {svg, text: document.body.innerText || document.body.textContent};
    ";
    let drawn = browser
        .run(script, vec![json!(source), json!(diagram)])
        .await?;
    let field = |name: &str| drawn[name].as_str().unwrap_or_default().to_owned();
    Ok(Drawn {
        svg: field("svg"),
        text: field("text"),
    })
}
