//! Mermaid draws what it can read, and says what it cannot.

use browser::{Browser, mermaid};

#[tokio::test]
async fn mermaid_draws_a_diagram_and_names_what_is_wrong_with_another() {
    let browser = Browser::open().await.unwrap();
    let drawn = mermaid::draw(&browser, "flowchart LR\n  a[\"start\"] --> b[\"watch\"]")
        .await
        .unwrap();
    assert!(drawn.svg.starts_with("<svg"), "{}", drawn.svg);
    assert!(
        drawn.text.contains("start") && drawn.text.contains("watch"),
        "{}",
        drawn.text
    );
    let wrong = mermaid::draw(&browser, "flowchart LR\n  a[\"start --> b")
        .await
        .unwrap_err();
    assert!(wrong.to_string().contains("error"), "{wrong}");
    browser.close().await;
}
