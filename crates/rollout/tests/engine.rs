//! The engine, from what is asked to what is done.

#[path = "engine/analysis.rs"]
mod analysis;
#[path = "engine/aside.rs"]
mod aside;
#[path = "engine/chaos.rs"]
mod chaos;
#[path = "engine/fake.rs"]
mod fake;
#[path = "engine/gates.rs"]
mod gates;
#[path = "engine/hooks.rs"]
mod hooks;
#[path = "engine/journal.rs"]
mod journal;
#[path = "engine/plan.rs"]
mod plan;
#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/request.rs"]
mod request;
#[path = "engine/resume.rs"]
mod resume;
#[path = "engine/rig.rs"]
mod rig;
#[path = "engine/scale.rs"]
mod scale;
#[path = "engine/strategies.rs"]
mod strategies;
#[path = "engine/verbs.rs"]
mod verbs;
#[path = "engine/way_back.rs"]
mod way_back;
#[path = "engine/way_back_work.rs"]
mod way_back_work;
