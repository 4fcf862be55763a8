//! Which services are behind which listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::claims::Claims;
use crate::control::v1::{Limits, ServiceConfig};
use crate::door::Door;
use crate::service::Service;
use crate::table::{ListenerRoutes, Route, Table};

/// Where a service listens.
pub(crate) fn doors(key: &str, config: &ServiceConfig) -> impl Iterator<Item = Door> {
    let own = Door::of(config);
    [Some(own), Door::of_preview(key, config)]
        .into_iter()
        .flatten()
}

/// The table that services make.
pub(crate) fn table(doors: Vec<Door>, services: &BTreeMap<String, Service>) -> Table {
    let mut table = Table::new();
    for door in doors {
        let claims = match &door {
            Door::Shared(listen) => services
                .values()
                .filter(|service| service.split.config().listen == *listen)
                .map(|service| {
                    let config = service.split.config();
                    Claim {
                        hosts: &config.hosts,
                        path_prefix: &config.path_prefix,
                        route: Arc::new(service.route()),
                    }
                })
                .collect(),
            Door::Preview(_, key) => {
                let route = services.get(&**key).and_then(Service::preview_route);
                let claim = route.map(|route| Claim {
                    hosts: &[],
                    path_prefix: "/",
                    route: Arc::new(route),
                });
                Vec::from_iter(claim)
            }
        };
        if !claims.is_empty() {
            table.insert(door, Arc::new(listener_routes(&claims)));
        }
    }
    table
}

/// What a service claims of one listener.
struct Claim<'a> {
    hosts: &'a [String],
    path_prefix: &'a str,
    route: Arc<Route>,
}

/// One listener, with the limits that suit everyone there.
fn listener_routes(claims: &[Claim<'_>]) -> ListenerRoutes {
    let most = |of: &dyn Fn(&Limits) -> u64| {
        let each = claims.iter().map(|claim| of(&claim.route.limits));
        each.max().unwrap_or(0)
    };
    ListenerRoutes {
        header_timeout_ms: most(&|limits| limits.header_timeout_ms),
        idle_timeout_ms: most(&|limits| limits.idle_timeout_ms),
        header_bytes_max: most(&|limits| u64::from(limits.header_bytes_max)) as usize,
        connections_max: most(&|limits| u64::from(limits.connections_max)) as u32,
        claims: Claims::new(
            claims
                .iter()
                .map(|claim| (claim.hosts, claim.path_prefix, Arc::clone(&claim.route))),
        ),
        services: claims
            .iter()
            .map(|claim| Arc::clone(&claim.route))
            .collect(),
    }
}
