//! The examples: a plan of each strategy, and rollouts at many places.

use rollout::{
    BlueGreen, Canary, CanaryStep, Event, Extent, HookPoint, HookRun, HookSite, HostCount, HostId,
    Hot, HotVerdict, Pause, Plan, Purpose, Rolling, Rollout, Stickiness, Strategy, Surge, Tick,
    Tolerance,
};

use crate::drive::Drive;
use crate::request::{analysis, deploy, fleet, hook, host, plan, rich, third};

/// How the page of diagrams begins.
pub(crate) const PAGE: &str = include_str!("page.md");

/// What is on the page of diagrams, with the words before each.
pub(crate) const ON_THE_PAGE: [(&str, &str); 8] = [
    (
        "blue-green",
        "## Blue-green\nAll hosts at once: the new version starts beside the old one, testers look at it, then all traffic moves.",
    ),
    (
        "canary",
        "## Canary\nThe new version gets a growing part of the traffic. It is judged, and people promote it.",
    ),
    (
        "rolling",
        "## Rolling\nBatches of hosts; the first batch is one host and gates the rest.",
    ),
    (
        "rolling-instead",
        "## Rolling without surge\nWhere a host has no room for two versions, it leaves the balancer first.",
    ),
    (
        "hot",
        "## Hot\nThe running nodes change their code. `auto` chooses it where it is proven safe.",
    ),
    (
        "rolling-50",
        "## Many hosts\nBatches in the middle that stand alike are drawn as one.",
    ),
    (
        "canary-waits",
        "## A rollout that waits for a person\nGreen is the way it went; the yellow step waits.",
    ),
    (
        "rolling-given-up",
        "## A rollout that was given up\nWhere it turned, why, and the way back that it took.",
    ),
];

fn blue_green() -> Strategy {
    Strategy::BlueGreen(BlueGreen {
        pre_promotion: Some(analysis()),
        pause: Some(Pause { for_ms: None }),
        post_promotion: Some(analysis()),
    })
}

fn canary() -> Strategy {
    Strategy::Canary(Canary {
        steps: vec![
            CanaryStep::SetWeight(5),
            CanaryStep::Pause {
                for_ms: Some(120_000),
            },
            CanaryStep::Analysis(analysis()),
            CanaryStep::SetWeight(25),
            CanaryStep::Pause { for_ms: None },
            CanaryStep::SetWeight(100),
        ],
        stickiness: Stickiness::Cookie,
    })
}

fn rolling() -> Strategy {
    Strategy::Rolling(Rolling {
        max_parallel: third(),
        surge: Surge::Beside,
    })
}

fn rolling_of(hosts: u32) -> Strategy {
    Strategy::Rolling(Rolling {
        max_parallel: HostCount::Hosts(hosts),
        surge: Surge::Beside,
    })
}

fn hot() -> Strategy {
    Strategy::Auto {
        hot: Hot {
            max_parallel: third(),
            watch_ms: 10_000,
        },
        fallback: Box::new(rolling()),
    }
}

fn plain() -> Strategy {
    Strategy::BlueGreen(BlueGreen::PLAIN)
}

/// Text that would break a diagram that does not write it as text.
pub(crate) const TEXTS: [&str; 9] = [
    r#"sum(rate(x{v="1", p=~"/a|/b"}[5m])) > 0.5; end"#,
    "<script>alert(1)</script> <b>bold</b> &amp; <br/>",
    "]}) --> step0 ((x)) -.-> end; subgraph a[\"",
    "%%{init: {'theme':'dark'}}%% %% comment",
    "my lifestyle: a#quot;b; classDef x:#35; linkStyle 0 stroke:#f00;",
    "`code` **strong** _em_ # heading 1. list - item",
    r"a\nb \u0041 $$x^2$$ C:\temp #9829; &#9829;",
    "ﬂ°°60¶ß 日本語 ümlaut 🚀 \u{202e}gnihton",
    "first\nsecond\ttab\u{1b}[31mred",
];

fn any_text() -> rollout::Request {
    let mut request = rich(rolling());
    for (number, text) in TEXTS.iter().enumerate() {
        request.hooks.push(hook(
            HookPoint::PreDeploy,
            &format!("text{number}"),
            HookRun::Command {
                words: vec![(*text).to_owned()],
                site: HookSite::Operator,
            },
        ));
    }
    request.candidate.vsn = "1.0 \"%%{init}%%\" <b>#35;".into();
    request
}

/// A fresh plan of every strategy.
pub(crate) fn plans() -> Vec<(&'static str, Plan)> {
    let instead = Strategy::Rolling(Rolling {
        max_parallel: third(),
        surge: Surge::Instead {
            lb_notice_ms: 10_000,
        },
    });
    let mut upgraded = rich(hot());
    upgraded.preview = false;
    upgraded.verdict = Some(HotVerdict {
        safe: true,
        reasons: vec!["3 modules changed, every state has a code_change".into()],
    });
    let mut back = deploy(plain());
    back.purpose = Purpose::Rollback;
    vec![
        (
            "first-deploy",
            plan(&deploy(plain()), &[host("web-1", false)]),
        ),
        ("blue-green-plain", plan(&deploy(plain()), &fleet(1))),
        ("blue-green", plan(&rich(blue_green()), &fleet(3))),
        ("canary", plan(&rich(canary()), &fleet(5))),
        ("rolling", plan(&rich(rolling()), &fleet(5))),
        ("rolling-instead", plan(&deploy(instead), &fleet(5))),
        ("rolling-50", plan(&deploy(rolling_of(5)), &fleet(50))),
        ("hot", plan(&upgraded, &fleet(5))),
        ("auto-fallback", plan(&deploy(hot()), &fleet(3))),
        ("rollback", plan(&back, &fleet(3))),
        ("any-text", plan(&any_text(), &fleet(2))),
    ]
}

/// Rollouts at many places, with the time then.
pub(crate) fn rollouts() -> Vec<(&'static str, Rollout, Tick)> {
    vec![
        at("blue-green-done", done(&rich(blue_green()), 3)),
        at("canary-under-way", canary_under_way()),
        at("canary-waits", canary_waits()),
        at("canary-aborted", canary_aborted()),
        at("canary-judged-bad", canary_judged_bad()),
        at("canary-promoted", canary_promoted()),
        at("canary-taken-over", canary_taken_over()),
        at("hook-waits", hook_waits()),
        at("rolling-done", done(&rich(rolling()), 5)),
        at("rolling-given-up", rolling_given_up()),
        at("rolling-set-aside", rolling_set_aside()),
        at("rolling-50-under-way", rolling_50_under_way()),
    ]
}

fn at(name: &'static str, drive: Drive) -> (&'static str, Rollout, Tick) {
    (name, drive.state, drive.now)
}

fn promote(extent: Extent) -> Event {
    Event::Promote {
        by: "ana@desk".into(),
        why: None,
        extent,
    }
}

fn done(request: &rollout::Request, hosts: usize) -> Drive {
    let mut drive = Drive::new(plan(request, &fleet(hosts)));
    drive.run_out();
    while drive.state.waiting().is_some() {
        drive.pass(90_000);
        drive.tell(promote(Extent::Next));
        drive.run_out();
    }
    drive
}

fn canary_under_way() -> Drive {
    let mut drive = Drive::new(plan(&rich(canary()), &fleet(5)));
    drive.until("pause");
    drive.pass(30_000);
    drive
}

fn canary_waits() -> Drive {
    let mut drive = Drive::new(plan(&rich(canary()), &fleet(5)));
    drive.run_out();
    drive.pass(300_000);
    drive
}

fn canary_aborted() -> Drive {
    let mut drive = canary_waits();
    drive.tell(Event::Abort {
        by: "ana@desk".into(),
        why: Some("the logo is upside down; see #1234".into()),
    });
    drive.run_out();
    drive
}

fn canary_judged_bad() -> Drive {
    let mut drive = canary_under_way();
    drive.measured = 0.2;
    drive.run_out();
    drive
}

fn canary_promoted() -> Drive {
    let mut drive = canary_under_way();
    drive.tell(promote(Extent::Full));
    drive.run_out();
    drive
}

/// Killed in the pause, and resumed: health is proven anew.
fn canary_taken_over() -> Drive {
    let mut drive = canary_under_way();
    drive.tell(Event::Resumed { command: None });
    drive.pass(2_000);
    drive
}

fn hook_waits() -> Drive {
    let mut drive = Drive::new(plan(&rich(rolling()), &fleet(5)));
    drive.agrees = false;
    drive.run_out();
    drive
}

fn rolling_given_up() -> Drive {
    let mut drive = Drive::new(plan(&rich(rolling()), &fleet(5)));
    drive.until("start-3");
    drive.sick = Some((
        HostId::parse("web-4").unwrap(),
        "GET /health 503: no database",
    ));
    drive.run_out();
    drive
}

fn rolling_set_aside() -> Drive {
    let mut request = rich(rolling());
    request.tolerance = Tolerance {
        failure_budget: HostCount::Hosts(1),
        ..Tolerance::USUAL
    };
    let mut drive = Drive::new(plan(&request, &fleet(5)));
    drive.until("start-2");
    drive.sick = Some((
        HostId::parse("web-3").unwrap(),
        "GET /health 503: no database",
    ));
    drive.run_out();
    drive
}

fn rolling_50_under_way() -> Drive {
    let mut drive = Drive::new(plan(&deploy(rolling_of(5)), &fleet(50)));
    drive.until("watch-6");
    drive.pass(3_000);
    drive
}
