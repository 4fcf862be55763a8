//! The environment of a service.

use crate::wire::v1::Refusal;
use crate::work::Stop;

/// Returns what follows the dot in `service.environment`.
pub(crate) fn environment_of(service: &str) -> Option<&str> {
    let (name, environment) = service.split_once('.')?;
    (!name.is_empty() && !environment.is_empty()).then_some(environment)
}

/// Returns the environment of a service, or refuses what is no service key.
pub(crate) fn require(service: &str) -> Result<&str, Stop> {
    environment_of(service).ok_or_else(|| {
        let message = format!("`{service}` is no service key such as `shop.production`");
        Stop::Rule(Refusal::Invalid, message)
    })
}
