//! The proxy as a whole: real sockets on both sides, one file for each concern.

mod answers;
mod beside;
mod bodies;
mod drain;
mod events;
mod forwarding;
mod hold;
mod http2;
mod http2_frames;
mod lease;
mod limits;
mod readiness;
mod retry;
mod rig;
mod routing;
mod sigterm;
mod smuggling;
mod state;
mod sticky;
mod websocket;
