//! What Prometheus answers to an instant query (its HTTP API, version 1).

use analysis::Number;
use serde::Deserialize;

/// What a query came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// One value. It may be no number: `NaN`, as of a quotient of nothing by nothing.
    Value(Number),
    /// No series: nothing by that name, or nothing of late.
    NoData,
}

/// Why an answer gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is not as Prometheus answers.
    #[error("the answer is not Prometheus': {0}")]
    Form(String),
    /// Prometheus refused the query; these are its words.
    #[error("{kind}: {message}")]
    Refused {
        /// Its word for what is wrong, such as `bad_data`.
        kind: String,
        /// Its sentence.
        message: String,
    },
    /// The query gives more than one series.
    #[error("the query gives {0} series, and one value is needed; sum or select")]
    Series(usize),
    /// The query gives something that is no value, such as a range.
    #[error("the query gives a {0}, and one value is needed")]
    Kind(String),
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Wire {
    Success {
        data: Data,
    },
    Error {
        #[serde(rename = "errorType")]
        kind: String,
        error: String,
    },
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Series {
    value: Sample,
}

/// A time in seconds and a value as text.
#[derive(Deserialize)]
struct Sample(f64, String);

/// Reads an answer.
pub(crate) fn read(body: &[u8]) -> Result<Measured, AnswerError> {
    let form = |e: &dyn std::fmt::Display| AnswerError::Form(e.to_string());
    let wire: Wire = serde_json::from_slice(body).map_err(|e| form(&e))?;
    let data = match wire {
        Wire::Error { kind, error } => {
            return Err(AnswerError::Refused {
                kind,
                message: shortened(&error),
            });
        }
        Wire::Success { data } => data,
    };
    let sample = match data.kind.as_str() {
        "vector" => {
            let serde_json::Value::Array(mut series) = data.result else {
                return Err(form(&"a vector that is no list"));
            };
            match series.len() {
                0 => return Ok(Measured::NoData),
                1 => {
                    serde_json::from_value::<Series>(series.remove(0))
                        .map_err(|e| form(&e))?
                        .value
                }
                many => return Err(AnswerError::Series(many)),
            }
        }
        "scalar" => serde_json::from_value(data.result).map_err(|e| form(&e))?,
        other => return Err(AnswerError::Kind(shortened(other))),
    };
    let Sample(_time, value) = sample;
    value
        .parse()
        .map(Measured::Value)
        .map_err(|e: analysis::NumberError| form(&e))
}

/// Keeps a text from outside to a length that fits a sentence.
fn shortened(text: &str) -> String {
    text.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(series: &str) -> Result<Measured, AnswerError> {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{series}]}}}}"#
        );
        read(body.as_bytes())
    }

    #[test]
    fn one_value_is_read_as_prometheus_writes_it() {
        let check = |text: &str, value: f64| {
            let series = format!(r#"{{"metric":{{"a":"b"}},"value":[1700000000.1,"{text}"]}}"#);
            assert_eq!(
                vector(&series),
                Ok(Measured::Value(Number::new(value))),
                "{text}"
            );
        };
        check("0.25", 0.25);
        check("1e-05", 0.00001);
        check("+Inf", f64::INFINITY);
        check("-Inf", f64::NEG_INFINITY);
        check("NaN", f64::NAN);
        assert_eq!(vector(""), Ok(Measured::NoData));
        let scalar = br#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#;
        assert_eq!(read(scalar), Ok(Measured::Value(Number::new(2.0))));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_is_too_odd_to_read(bytes: Vec<u8>, text in ".*", kind in "vector|scalar|matrix") {
            read(&bytes).ok();
            let data = format!(r#"{{"resultType":"{kind}","result":{text}}}"#);
            read(format!(r#"{{"status":"success","data":{data}}}"#).as_bytes()).ok();
            vector(&text).ok();
        }
    }

    #[test]
    fn what_gives_no_value_says_why() {
        let check = |body: &str, expected: &str| {
            let error = read(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            r#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}"#,
            "bad_data: parse error: unexpected end",
        );
        check(
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            "gives a matrix",
        );
        check(
            r#"{"status":"success","data":{"resultType":"scalar","result":[1]}}"#,
            "not Prometheus'",
        );
        check("<html>", "not Prometheus'");
        check("", "not Prometheus'");
        let one = r#"{"metric":{},"value":[1,"1"]}"#;
        let two = vector(&format!("{one},{one}")).unwrap_err();
        assert_eq!(two, AnswerError::Series(2));
        let odd = vector(r#"{"metric":{},"value":[1,"five"]}"#).unwrap_err();
        assert!(odd.to_string().contains("`five` is no number"), "{odd}");
    }
}
