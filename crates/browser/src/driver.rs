//! Chromium, driven through its own driver.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

/// Time between two looks at a page that is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// Why a page could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The driver could not be started.
    #[error("chromedriver did not start: {0}; script/setup installs it")]
    Start(String),
    /// The browser refused, or the page threw.
    #[error("{0}")]
    Page(String),
    /// A condition did not come true in time.
    #[error("not within {seconds} s: {condition}; the page says: {text}")]
    Waited {
        /// How long.
        seconds: u64,
        /// The condition.
        condition: String,
        /// The page's text.
        text: String,
    },
}

/// A headless Chromium with a profile of its own. [`Browser::close`] ends it; dropping kills the driver,
/// which takes its browser along.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    driver: Child,
    /// The profile, removed at the end.
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one.
    ///
    /// # Errors
    /// Where Chromium or its driver is missing or does not answer.
    pub async fn open() -> Result<Self, Error> {
        let start = |e: &dyn std::fmt::Display| Error::Start(e.to_string());
        let profile = tempfile::tempdir().map_err(|e| start(&e))?;
        let mut driver = sys::process::command("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| start(&e))?;
        let client = match connect(&mut driver, profile.path()).await {
            Ok(client) => client,
            Err(error) => {
                end(&mut driver);
                return Err(error);
            }
        };
        Ok(Self {
            client,
            driver,
            _profile: profile,
        })
    }

    /// Opens a page.
    ///
    /// # Errors
    /// Where it does not load.
    pub async fn go(&self, url: &str) -> Result<(), Error> {
        self.client.goto(url).await.map_err(page)
    }

    /// Runs a script in the page, the body of an async function with `arguments`, and returns its value.
    ///
    /// # Errors
    /// Where it throws.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Error> {
        let body = format!(
            "const done = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);
             (async function() {{ {script} }}).apply(null, args)
               .then(value => done({{ok: value ?? null}}), error => done({{error: String(error)}}));"
        );
        let answer = self
            .client
            .execute_async(&body, arguments)
            .await
            .map_err(page)?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(Error::Page(error.to_owned())),
            None => Ok(answer.get("ok").cloned().unwrap_or_default()),
        }
    }

    /// Waits until a script's value is true.
    ///
    /// # Errors
    /// Where it does not become so in time; with the text of the page.
    pub async fn wait(&self, condition: &str, seconds: u64) -> Result<(), Error> {
        let looks = async {
            loop {
                let value = self.run(&format!("return !!({condition});"), vec![]).await;
                if matches!(value, Ok(Value::Bool(true))) {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(seconds), looks)
            .await
            .is_ok()
        {
            return Ok(());
        }
        Err(Error::Waited {
            seconds,
            condition: condition.to_owned(),
            text: self.text().await.unwrap_or_default(),
        })
    }

    /// Returns the text of the page as a person sees it.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn text(&self) -> Result<String, Error> {
        let text = self.run("return document.body.innerText;", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Returns a picture of the page, as PNG.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn picture(&self) -> Result<Vec<u8>, Error> {
        self.client.screenshot().await.map_err(page)
    }

    /// Ends the browser and its driver.
    pub async fn close(mut self) {
        // A browser that is gone already is as good.
        drop(self.client.clone().close().await);
        end(&mut self.driver);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.driver);
    }
}

async fn connect(driver: &mut Child, profile: &std::path::Path) -> Result<Client, Error> {
    let out = driver
        .stdout
        .take()
        .ok_or_else(|| Error::Start("it has no output".into()))?;
    let port = tokio::task::spawn_blocking(move || port(BufReader::new(out)))
        .await
        .map_err(|e| Error::Start(e.to_string()))?
        .ok_or_else(|| Error::Start("it ended without naming its port".into()))?;
    let options = json!({
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--allow-file-access-from-files", "--window-size=1200,1600",
            format!("--user-data-dir={}", profile.display()),
        ],
    });
    let mut capabilities = Map::new();
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    capabilities.insert("timeouts".to_owned(), json!({"script": 120_000}));
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .map_err(|e| Error::Start(e.to_string()))
}

/// Reads the port that the driver says it listens on.
fn port(mut out: impl BufRead) -> Option<u16> {
    let mut line = String::new();
    loop {
        line.clear();
        if out.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((_, port)) = line
            .trim_end()
            .trim_end_matches('.')
            .rsplit_once("on port ")
        else {
            continue;
        };
        if let Some(port) = port.parse().ok().filter(|port| *port != 0) {
            return Some(port);
        }
    }
}

fn end(driver: &mut Child) {
    // Already ended is as good.
    drop(driver.kill());
    drop(driver.wait());
}

fn page(error: fantoccini::error::CmdError) -> Error {
    Error::Page(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn the_port_is_read_from_what_the_driver_says() {
        let said =
            b"Starting ChromeDriver 1.2 (abc) on port 0\nOnly local connections are allowed.\n\
            ChromeDriver was started successfully on port 38123.\n";
        assert_eq!(port(&said[..]), Some(38123));
        assert_eq!(port(&b"no\n"[..]), None);
    }
}
