//! `[proxy]`.

use std::time::Duration;

use super::layers::Resolver;
use crate::settings::bounded::{Count, Size};
use crate::settings::duration::Time;
use crate::settings::names::{Name, UrlPath};
use crate::settings::port::Listen;
use crate::settings::resolved::ProxySettings;

impl Resolver<'_> {
    pub(super) fn proxy(&mut self) -> ProxySettings {
        let any = Listen(([0, 0, 0, 0], 8080).into());
        let root =
            || UrlPath::try_from("/".to_owned()).unwrap_or_else(|_| unreachable!("`/` is a path"));
        let listen = self
            .value("proxy.listen", |s| s.proxy.as_ref()?.listen.as_ref(), any)
            .0;
        let hosts = self.value(
            "proxy.hosts",
            |s| s.proxy.as_ref()?.hosts.as_ref(),
            Vec::new(),
        );
        let prefix = self.value(
            "proxy.path_prefix",
            |s| s.proxy.as_ref()?.path_prefix.as_ref(),
            root(),
        );
        let header = self.time(
            "proxy.header_timeout",
            |s| s.proxy.as_ref()?.header_timeout.as_ref(),
            Time::of_ms(15_000),
        );
        let idle = self.time(
            "proxy.idle_timeout",
            |s| s.proxy.as_ref()?.idle_timeout.as_ref(),
            Time::of_ms(75_000),
        );
        let connect = self.time(
            "proxy.connect_timeout",
            |s| s.proxy.as_ref()?.connect_timeout.as_ref(),
            Time::of_ms(2000),
        );
        let response = self.time(
            "proxy.response_timeout",
            |s| s.proxy.as_ref()?.response_timeout.as_ref(),
            Time::of_ms(60_000),
        );
        let connections_max = self.count(
            "proxy.connections_max",
            |s| s.proxy.as_ref()?.connections_max.as_ref(),
            Count::of(50_000),
        );
        let header_size = self.value(
            "proxy.header_size_max",
            |s| s.proxy.as_ref()?.header_size_max.as_ref(),
            Size::of_bytes(64 << 10),
        );
        let hold = self.time(
            "proxy.hold",
            |s| s.proxy.as_ref()?.hold.as_ref(),
            Time::of_ms(5000),
        );
        let held_max = self.count(
            "proxy.held_max",
            |s| s.proxy.as_ref()?.held_max.as_ref(),
            Count::of(10_000),
        );
        let cookie = || {
            Name::try_from("cutover".to_owned()).unwrap_or_else(|_| unreachable!("it is a name"))
        };
        let sticky_cookie = self.value(
            "proxy.sticky_cookie",
            |s| s.proxy.as_ref()?.sticky_cookie.as_ref(),
            cookie(),
        );
        let preview = self.optional("proxy.preview", |s| s.proxy.as_ref()?.preview.as_ref());
        let testers = self.optional("proxy.testers", |s| s.proxy.as_ref()?.testers.as_ref());
        let readiness = self.optional("proxy.readiness", |s| s.proxy.as_ref()?.readiness.as_ref());
        ProxySettings {
            sticky_cookie: sticky_cookie.to_string(),
            preview: preview.map(|listen| listen.0),
            testers: testers.map(|testers| (testers.header.to_string(), testers.value)),
            readiness: readiness.map(|path| path.to_string()),
            listen,
            hosts: hosts.iter().map(ToString::to_string).collect(),
            path_prefix: prefix.to_string(),
            limits: ::proxy::control::v1::Limits {
                header_timeout_ms: millis(header),
                idle_timeout_ms: millis(idle),
                connect_timeout_ms: millis(connect),
                response_timeout_ms: millis(response),
                connections_max,
                header_bytes_max: u32::try_from(header_size.bytes()).unwrap_or(u32::MAX),
                hold_ms: millis(hold),
                held_max,
            },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
