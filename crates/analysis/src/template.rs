//! Queries with variables.

/// The text of a query with `{{variable}}` in it. Only the known ones can be in it, so that a wrong name is
/// found when the plan is made, not in the middle of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTemplate {
    text: String,
}

/// What the variables of a query stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variables<'a> {
    /// `{{service}}`: the service.
    pub service: &'a str,
    /// `{{environment}}`: its environment.
    pub environment: &'a str,
    /// `{{artifact}}`: the candidate's artifact, as the proxy's metrics name it.
    pub artifact: &'a str,
    /// `{{vsn}}`: the candidate's version.
    pub vsn: &'a str,
    /// `{{stable_artifact}}`: stable's artifact; none on a first rollout.
    pub stable_artifact: Option<&'a str>,
    /// `{{interval}}`: the time from one measurement to the next, written as PromQL writes durations.
    pub interval_ms: u64,
}

/// Why a query cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A variable that is not known.
    #[error(
        "the query has the variable `{{{{{0}}}}}`; known are service, environment, artifact, vsn, \
         stable_artifact and interval"
    )]
    Unknown(String),
    /// A variable that is not closed.
    #[error("the query has a `{{{{` without its `}}}}`")]
    Open,
    /// It asks nothing.
    #[error("the query is empty")]
    Empty,
    /// It is longer than any query needs to be.
    #[error("the query has {0} bytes; at most {QUERY_BYTES_MAX} are sent")]
    TooLong(usize),
    /// Nothing is known for a variable: there is no stable version.
    #[error(
        "the query compares with `{{{{stable_artifact}}}}`, and there is no stable version yet"
    )]
    NoStable,
    /// A value would end the text it stands in.
    #[error("`{{{{{variable}}}}}` is `{value}`, which cannot stand in a query's quotes")]
    Value {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
}

/// The longest query.
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// The variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Service,
    Environment,
    Artifact,
    Vsn,
    StableArtifact,
    Interval,
}

impl Variable {
    fn parse(name: &str) -> Result<Self, TemplateError> {
        match name {
            "service" => Ok(Self::Service),
            "environment" => Ok(Self::Environment),
            "artifact" => Ok(Self::Artifact),
            "vsn" => Ok(Self::Vsn),
            "stable_artifact" => Ok(Self::StableArtifact),
            "interval" => Ok(Self::Interval),
            other => Err(TemplateError::Unknown(other.chars().take(60).collect())),
        }
    }

    fn value(self, variables: &Variables<'_>) -> Result<String, TemplateError> {
        let (variable, value) = match self {
            Self::Service => ("service", variables.service),
            Self::Environment => ("environment", variables.environment),
            Self::Artifact => ("artifact", variables.artifact),
            Self::Vsn => ("vsn", variables.vsn),
            Self::StableArtifact => (
                "stable_artifact",
                variables.stable_artifact.ok_or(TemplateError::NoStable)?,
            ),
            Self::Interval => return Ok(duration(variables.interval_ms)),
        };
        if value.contains(['"', '\'', '`', '\\']) || value.contains(char::is_control) {
            return Err(TemplateError::Value {
                variable,
                value: value.chars().take(60).collect(),
            });
        }
        Ok(value.to_owned())
    }
}

/// Writes a duration as PromQL does: whole seconds, or milliseconds.
fn duration(ms: u64) -> String {
    if ms.is_multiple_of(1000) && ms > 0 {
        format!("{}s", ms / 1000)
    } else {
        format!("{}ms", ms.max(1))
    }
}

impl QueryTemplate {
    /// Reads the text of a query.
    ///
    /// # Errors
    /// Where it is empty, too long, or names a variable that is not known.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TemplateError::Empty);
        }
        if text.len() > QUERY_BYTES_MAX {
            return Err(TemplateError::TooLong(text.len()));
        }
        replace(text, |_| Ok(String::new()))?;
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// Returns the text with its variables.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says whether the query compares with stable, and so cannot be asked where there is none.
    pub fn compares(&self) -> bool {
        let stable = |variable| match variable {
            Variable::StableArtifact => Err(TemplateError::NoStable),
            _ => Ok(String::new()),
        };
        matches!(replace(&self.text, stable), Err(TemplateError::NoStable))
    }

    /// Returns the query to ask.
    ///
    /// # Errors
    /// Where a value is not known or cannot stand in a query. All values but `{{interval}}` are known when
    /// the plan is made, so fill it then.
    pub fn fill(&self, variables: &Variables<'_>) -> Result<String, TemplateError> {
        replace(&self.text, |variable| variable.value(variables))
    }
}

fn replace(
    text: &str,
    value: impl Fn(Variable) -> Result<String, TemplateError>,
) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or(TemplateError::Open)?;
        filled.push_str(before);
        filled.push_str(&value(Variable::parse(name.trim())?)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: Variables<'_> = Variables {
        service: "shop",
        environment: "production",
        artifact: "b3f1",
        vsn: "1.4.0+a",
        stable_artifact: Some("77aa"),
        interval_ms: 60_000,
    };

    #[test]
    fn variables_are_filled_in() {
        let check = |text: &str, expected: &str| {
            let filled = QueryTemplate::parse(text).unwrap().fill(&VARIABLES);
            assert_eq!(filled.as_deref(), Ok(expected));
        };
        check(
            r#"rate(a{service="{{service}}",artifact="{{ artifact }}"}[{{interval}}])"#,
            r#"rate(a{service="shop",artifact="b3f1"}[60s])"#,
        );
        check(
            "{{environment}}{{vsn}}{{stable_artifact}}",
            "production1.4.0+a77aa",
        );
        check(
            "sum(a{b=\"c\"}) by (d) > 0 }}",
            "sum(a{b=\"c\"}) by (d) > 0 }}",
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_can_be_filled(text in ".*|([a-z{}\" ]|vsn){0,40}") {
            if let Ok(template) = QueryTemplate::parse(&text) {
                template.fill(&VARIABLES).unwrap();
            }
        }
    }

    #[test]
    fn durations_are_promqls() {
        for (ms, expected) in [(0, "1ms"), (1, "1ms"), (1500, "1500ms"), (90_000, "90s")] {
            assert_eq!(duration(ms), expected);
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_before_anyone_does() {
        let check = |text: &str, expected: &str| {
            let error = QueryTemplate::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "up{a=\"{{sevice}}\"}",
            "the variable `{{sevice}}`; known are",
        );
        check("up{a=\"{{service}\"}", "a `{{` without its `}}`");
        check("{{}}", "the variable `{{}}`");
        check("  ", "empty");
        check(&"x".repeat(QUERY_BYTES_MAX + 1), "16385 bytes");
    }

    #[test]
    fn a_query_that_names_stable_compares_with_it() {
        let compares = |text| QueryTemplate::parse(text).unwrap().compares();
        assert!(compares(
            "up{a='{{artifact}}'} / up{a='{{stable_artifact}}'}"
        ));
        assert!(!compares("up{a='{{artifact}}'}"));
    }

    #[test]
    fn a_value_that_would_end_its_quotes_or_is_not_there_is_refused() {
        let first = Variables {
            stable_artifact: None,
            vsn: "1\"} or up{a=\"",
            ..VARIABLES
        };
        let fill = |text: &str| QueryTemplate::parse(text).unwrap().fill(&first);
        assert_eq!(fill("{{stable_artifact}}"), Err(TemplateError::NoStable));
        let injected = fill("up{vsn=\"{{vsn}}\"}").unwrap_err().to_string();
        assert!(
            injected.contains("cannot stand in a query's quotes"),
            "{injected}"
        );
        assert_eq!(fill("{{artifact}}").as_deref(), Ok("b3f1"));
    }
}
