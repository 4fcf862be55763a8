//! Instant queries of a Prometheus, or of what speaks its API (Thanos, Mimir, VictoriaMetrics).

use std::time::Duration;

use analysis::Measurement;
use bytes::Bytes;
use http::StatusCode;

use crate::address::{Address, AddressError};
use crate::answer::{self, AnswerError, Measured};
use crate::auth::Auth;
use crate::exchange::{Answer, Call, ExchangeError};
use crate::trust::Trust;

/// The largest answer that is read: one value is a few hundred bytes, and an error is a sentence.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A Prometheus to ask.
#[derive(Debug, Clone)]
pub struct Prometheus {
    address: Address,
    auth: Auth,
    trust: Trust,
    timeout: Duration,
}

/// A query without a value.
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// No answer came.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// It wants credentials, or others.
    #[error("the Prometheus at {address} refused the credentials (status {status})")]
    Credentials {
        /// Where it is.
        address: Address,
        /// The HTTP status.
        status: u16,
    },
    /// What answers there is no Prometheus, or one that cannot answer now.
    #[error("what answers at {address} with status {status} is no Prometheus that can be asked")]
    Status {
        /// Where it is.
        address: Address,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is too large: of that many series no single value is made.
    #[error(
        "the Prometheus at {address} answered with over {ANSWER_BYTES_MAX} bytes; the query must \
         give one value"
    )]
    TooLarge {
        /// Where it is.
        address: Address,
    },
    /// The answer gives no value.
    #[error("the Prometheus at {address} gave no value: {source}")]
    Answer {
        /// Where it is.
        address: Address,
        /// Why.
        source: AnswerError,
    },
}

impl Prometheus {
    /// A Prometheus at `url`, with the path it is served under, if any. Nothing is opened yet. A query may
    /// take `timeout` as a whole.
    ///
    /// # Errors
    /// Where the address is none that can be called.
    pub fn new(url: &str, auth: Auth, timeout: Duration) -> Result<Self, AddressError> {
        Ok(Self {
            address: Address::parse(url)?.join("/api/v1/query"),
            auth,
            trust: Trust::System,
            timeout,
        })
    }

    /// Believes other certificates than this machine does.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// Asks for the present value of a query that gives one.
    ///
    /// # Errors
    /// See [`PrometheusError`]. A query changes nothing, so it may be asked again after any of them.
    pub async fn query(&self, query: &str) -> Result<Measured, PrometheusError> {
        let body = format!(
            "query={}&timeout={}ms",
            form_encoded(query),
            self.timeout.as_millis().max(1)
        );
        let call = Call {
            address: &self.address,
            auth: &self.auth,
            trust: &self.trust,
            content_type: "application/x-www-form-urlencoded",
            body: Bytes::from(body),
            timeout: self.timeout,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        self.read(&call.post().await?)
    }

    /// Asks for the present value as a threshold takes it.
    pub async fn measure(&self, query: &str) -> Measurement {
        match self.query(query).await {
            Ok(Measured::Value(value)) => Measurement::Value(value),
            Ok(Measured::NoData) => Measurement::NoData,
            Err(error) => Measurement::Error(error.to_string()),
        }
    }

    fn read(&self, answer: &Answer) -> Result<Measured, PrometheusError> {
        let address = self.address.clone();
        let status = answer.status.as_u16();
        if matches!(
            answer.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) {
            return Err(PrometheusError::Credentials { address, status });
        }
        if answer.cut {
            return Err(PrometheusError::TooLarge { address });
        }
        match answer::read(&answer.body) {
            // Prometheus tells of its own errors in its own form, with a status that says less.
            Err(source @ AnswerError::Refused { .. }) => {
                Err(PrometheusError::Answer { address, source })
            }
            _ if !answer.status.is_success() => Err(PrometheusError::Status { address, status }),
            Ok(measured) => Ok(measured),
            Err(source) => Err(PrometheusError::Answer { address, source }),
        }
    }
}

/// Encodes a value of a form.
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(byte >> 4)]));
                encoded.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded_as_a_form_wants_it() {
        assert_eq!(
            form_encoded("sum(rate(a{b=\"é\"}[1m])) / 2 + 1"),
            "sum%28rate%28a%7Bb%3D%22%C3%A9%22%7D%5B1m%5D%29%29%20%2F%202%20%2B%201"
        );
    }
}
