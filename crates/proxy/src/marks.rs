//! What a request says of the version it belongs to.

use crate::choice;
use crate::sticky;
use crate::table::Route;

/// The marks of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Whether it is a tester's.
    pub(crate) is_tester: bool,
    /// The bucket that its client has, or was dealt with this request.
    bucket: Option<u8>,
    /// Whether the client is to be told its bucket.
    is_dealt: bool,
    /// Whether the client came by TLS to a balancer in front.
    is_secure: bool,
}

impl Marks {
    /// Reads them from a request's fields, where the service wants to know any.
    pub(crate) fn read<'a>(
        route: &Route,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Self {
        let mut marks = Self::default();
        if route.cookie.is_none() && route.testers.is_none() {
            return marks;
        }
        for (name, value) in fields {
            if let Some(cookie) = &route.cookie {
                if name.eq_ignore_ascii_case(b"cookie") {
                    marks.bucket = marks.bucket.or_else(|| cookie.bucket(value));
                } else if name.eq_ignore_ascii_case(b"x-forwarded-proto") {
                    marks.is_secure = sticky::tells_of_tls(value);
                }
            }
            if let Some(testers) = &route.testers
                && name.eq_ignore_ascii_case(testers.header.as_bytes())
            {
                marks.is_tester |= match &testers.value {
                    None => true,
                    Some(wanted) => value == wanted.as_bytes(),
                };
            }
        }
        marks
    }

    /// The bucket; one that is dealt with this ticket, where the client had none.
    pub(crate) fn bucket_or_deal(&mut self, ticket: impl FnOnce() -> u64) -> u8 {
        if let Some(bucket) = self.bucket {
            return bucket;
        }
        let bucket = choice::bucket(ticket());
        self.bucket = Some(bucket);
        self.is_dealt = true;
        bucket
    }

    /// What is to be told to the client in the answer to its request.
    pub(crate) fn new_bucket<'a>(&self, route: &'a Route) -> Option<sticky::NewBucket<'a>> {
        let cookie = route.cookie.as_ref().filter(|_| self.is_dealt)?;
        Some(sticky::NewBucket {
            cookie,
            bucket: self.bucket?,
            is_secure: self.is_secure,
        })
    }
}
