//! Whole files: every way to be wrong, and where values come from.

use std::fmt::Write;
use std::path::Path;

use sys::file::{Access, write_atomic};

use super::{DEFAULT_ENVIRONMENT, Loaded, Name, Origin, Request, Resolved, Sections, load};
use crate::failure::Failure;

/// Each is one file with one thing wrong; the first line of a case is its name.
const WRONG: &[&str] = &[
    "a misspelt key at the top\nservce = \"shop\"",
    "a misspelt key in a table\n[deploy]\nwach = \"3s\"",
    "a key in the wrong table\n[deploy]\nlisten = \"0.0.0.0:80\"",
    "a key of the top in a table\n[deploy]\nenv_file = \"x\"",
    "a key nobody knows\n[logs]\ncolour = \"red\"",
    "an unknown table\n[prxy]\nlisten = \"0.0.0.0:80\"",
    "service in an environment\n[environments.staging]\nservice = \"shop\"",
    "a number for a duration\n[deploy]\nwatch = 3",
    "no unit\n[deploy]\nwatch = \"3\"",
    "too long\n[health]\ntimeout = \"1h\"",
    "a word for a switch\n[build]\nclean = \"yes\"",
    "a number for a table\nbuild = 5",
    "an unknown strategy\n[deploy]\nstrategy = \"bluegreen\"",
    "too many instances\n[deploy]\ninstances = 99",
    "a fraction\n[deploy]\ninstances = 1.5",
    "a negative number\n[logs]\nfiles = -1",
    "a name in capitals\nservice = \"Shop\"",
    "a port without an address\n[proxy]\nlisten = \"8080\"",
    "a host name with a port\n[proxy]\nhosts = [\"shop.example.com:80\"]",
    "a relative path\n[health]\npath = \"health\"",
    "path and TCP\n[health]\npath = \"/health\"\ntcp = true",
    "neither path nor TCP\n[health]\ntcp = false",
    "port 0 for an instance\n[ports]\nPORT = 0",
    "an unknown port for HTTP\nhttp_port = \"WEB\"\n[ports]\nPORT = \"auto\"",
    "several ports and none is PORT\n[ports]\nWEB = \"auto\"\nADMIN = \"auto\"",
    "a number for a variable, which may be secret\n[env]\nPIN = 1234",
    "a broken line under env, which may be secret\n[env]\nPIN = \"1234",
    "a variable that is none\n[env]\n\"MY-PIN\" = \"1234\"",
    "a variable that is ours\n[env]\nRELEASE_NODE = \"x\"",
    "a variable that is a port\n[env]\nPORT = \"4000\"",
    "a pipe in a command\n[build]\nbefore = [\"mix a | tee b\"]",
    "one command instead of several\n[build]\nbefore = \"mix a\"",
    "an empty command\n[deploy]\nrelease_command = []",
    "never healthy in time\nservice = \"shop\"\n[deploy]\nmin_healthy_time = \"10m\"",
    "given up before it is healthy\nservice = \"shop\"\n[deploy]\nprogress_deadline = \"1m\"",
    "an env file that is not there\nenv_file = \"none.env\"",
    "an env file with a bad line\nenv_file = \"bad.env\"",
    "a key twice\nservice = \"a\"\nservice = \"b\"",
    "no TOML\n[deploy\nwatch = \"3s\"",
    "an environment's name\n[environments.Staging]",
    "a key of another strategy\n[deploy.canary]\nmax_parallel = 2",
    "no host at a time\n[deploy.rolling]\nmax_parallel = 0",
    "more than all hosts\n[deploy.rolling]\nmax_parallel = \"120%\"",
    "a weight that falls\n[deploy.canary]\nsteps = [{ set_weight = 50 }, { set_weight = 20 }]",
    "a weight of nothing\n[deploy.canary]\nsteps = [{ set_weight = 0 }]",
    "a step that does two things\n[deploy.canary]\nsteps = [{ set_weight = 5, pause = {} }]",
    "an unknown step\n[deploy.canary]\nsteps = [{ wait = \"5m\" }]",
    "an analysis that is not there\n[deploy.canary]\nsteps = [{ analysis = \"errors\" }]",
    "a fallback that is none\n[deploy]\nstrategy = \"auto\"\nfallback = \"hot\"",
    "a job of two kinds\n[deploy]\nactivate = { rpc = \"a()\", command = \"b\" }",
    "a pause for longer than anybody waits\n[deploy]\npause_max = \"400h\"",
    "an analysis without its time\n[analysis.errors]\ninterval = \"1s\"",
    "an interval that is too long\n[analysis.errors]\nfor = \"1s\"\ninterval = \"1m\"",
    "an analysis of nothing\n[analysis.errors]\nfor = \"1m\"\ncompare = false",
    "a metric without a source\n[analysis.errors]\nfor = \"1m\"\nmetrics = [{ name = \"queue\" }]",
    "a metric without a condition\n[analysis.errors]\nfor = \"1m\"\nmetrics = [{ name = \"queue\", prometheus = \"up\" }]",
    "a condition that is none\n[analysis.errors]\nfor = \"1m\"\nmetrics = [{ name = \"queue\", prometheus = \"up\", success = \"few\" }]",
    "a variable that no query has\n[analysis.errors]\nfor = \"1m\"\nmetrics = [{ name = \"queue\", prometheus = \"up{a='{{pod}}'}\", success = \"> 0\" }]",
    "a Prometheus that is no URL\n[prometheus]\nurl = \"localhost:9090\"",
    "a hook at no point\n[[hooks]]\nat = \"pre-launch\"\nrun = \"true\"",
    "a hook that does nothing\n[[hooks]]\nat = \"pre-deploy\"",
    "the second hook does nothing\n[[hooks]]\nat = \"pre-deploy\"\nrun = \"true\"\n[[hooks]]\nat = \"on-abort\"",
    "a hook that does two things\n[[hooks]]\nat = \"pre-deploy\"\nrun = \"true\"\nurl = \"http://a/\"",
    "an instance's hook by web\n[[hooks]]\nat = \"pre-start\"\nurl = \"http://a/\"",
    "an instance's hook elsewhere\n[[hooks]]\nat = \"pre-start\"\nrun = \"true\"\non = \"operator\"",
    "an event as a command\n[[hooks]]\nat = \"event\"\nrun = \"true\"",
    "two hosts in one home\n[[hosts]]\nname = \"a\"\nhome = \"x\"\n[[hosts]]\nname = \"b\"\nhome = \"x\"",
    "a host without a home\n[[hosts]]\nname = \"a\"",
    "no hosts\nhosts = []",
    "a check of two kinds\n[health]\npath = \"/up\"\ncommand = \"true\"",
    "a limit of the node that is none\n[health]\nbeam = { mailbox_max = 0 }",
];

fn write(dir: &Path, name: &str, text: &str) {
    write_atomic(&dir.join(name), text.as_bytes(), Access::Shared).unwrap();
}

fn loaded(dir: &Path, text: &str) -> Result<Loaded, super::SettingsError> {
    write(dir, "cutover.toml", text);
    load(&dir.join("cutover.toml"), "cutover.toml")
}

fn request(environment: Option<&str>) -> Request {
    let origin = environment.map_or(Origin::Default, |_| Origin::Named("--environment".into()));
    let name = Name::try_from(environment.unwrap_or(DEFAULT_ENVIRONMENT).to_owned());
    Request {
        environment: (name.unwrap(), origin),
        service: Some((
            Name::of_project("shop").unwrap(),
            Origin::Named("mix.exs".into()),
        )),
    }
}

fn resolved(
    dir: &Path,
    text: &str,
    environment: Option<&str>,
    flags: Sections,
) -> Result<Resolved, Failure> {
    Ok(loaded(dir, text)?.resolve(request(environment), flags)?)
}

fn said(failure: &Failure) -> String {
    let mut text = format!("error ({}): {}\n", failure.kind.code(), failure.message);
    for line in &failure.output {
        writeln!(text, "  | {line}").unwrap();
    }
    for hint in &failure.hints {
        writeln!(text, "hint: {hint}").unwrap();
    }
    text
}

#[test]
fn everything_wrong_is_named_with_place_key_and_remedy() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "bad.env", "A=1\nsecret without a name\n");
    let mut report = String::new();
    for case in WRONG {
        let (name, text) = case.split_once('\n').unwrap();
        let failure = resolved(dir.path(), text, None, Sections::default()).expect_err(name);
        writeln!(report, "# {name}\n{}", said(&failure)).unwrap();
    }
    let report = report.replace(&dir.path().display().to_string(), "DIR");
    assert!(!report.contains("1234"), "a secret is shown:\n{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_the_default() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        ".env",
        "# secrets\nA=file\nB='from the env file'\n",
    );
    let text = "env_file = \".env\"\nrelease = \"web\"\n[env]\nA = \"own\"\n[deploy]\nwatch = \"3s\"\ndrain_timeout = \"1m\"\n[environments.staging]\nenv.A = \"staged\"\n[environments.staging.deploy]\nwatch = \"9s\"\n";
    let flags = Sections {
        release: Some(super::At::named(
            "--release",
            Name::of_project("job").unwrap(),
        )),
        ..Sections::default()
    };
    let settings = resolved(dir.path(), text, Some("staging"), flags).unwrap();
    let row = |key: &str| {
        let row = settings.rows.iter().find(|row| row.key == key).unwrap();
        format!("{} from {}", row.value, row.origin)
    };
    assert_eq!(row("service"), "\"shop\" from mix.exs");
    assert_eq!(row("environment"), "\"staging\" from --environment");
    assert_eq!(row("release"), "\"job\" from --release");
    assert_eq!(row("deploy.watch"), "\"9s\" from cutover.toml:11");
    assert_eq!(row("deploy.drain_timeout"), "\"1m\" from cutover.toml:7");
    assert_eq!(row("deploy.instances"), "1 from default");
    assert_eq!(row("env.A"), "\"staged\" from cutover.toml:9");
    assert_eq!(row("env.B"), "\"from the env file\" from .env:3");
    assert_eq!(
        (settings.env["A"].as_str(), settings.env["B"].as_str()),
        ("staged", "from the env file")
    );
    assert_eq!(settings.key(), "shop.staging");
}

#[test]
fn an_environment_that_the_file_does_not_know_is_a_typing_error() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[environments.staging]\n";
    let failure = resolved(dir.path(), text, Some("stagin"), Sections::default()).unwrap_err();
    assert!(
        failure.message.contains("did you mean \"staging\"?"),
        "{}",
        failure.message
    );
    assert!(resolved(dir.path(), text, None, Sections::default()).is_ok());
    assert!(resolved(dir.path(), text, Some("production"), Sections::default()).is_ok());
    // Without a word of it in the file, it would begin a service of its own.
    let failure = resolved(dir.path(), "", Some("prodction"), Sections::default()).unwrap_err();
    assert!(
        failure.message.contains("[environments.prodction]"),
        "{}",
        failure.message
    );
}

#[test]
fn the_health_check_is_tcp_without_a_path() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        resolved(dir.path(), text, None, Sections::default())
            .unwrap()
            .health_check()
    };
    let tcp = agent::api::v1::HealthCheck::Tcp { timeout_ms: 2000 };
    assert_eq!(check(""), tcp);
    let path = "/up".to_owned();
    let http = agent::api::v1::HealthCheck::Http {
        path,
        timeout_ms: 500,
        host: None,
        statuses: vec![],
    };
    assert_eq!(check("[health]\npath = \"/up\"\ntimeout = \"500ms\""), http);
}

#[test]
fn every_strategy_is_resolved_as_it_is_written() {
    use rollout::{
        BlueGreen, Canary, CanaryStep, HostCount, Hot, Pause, Rolling, Stickiness, Strategy, Surge,
    };
    let dir = tempfile::tempdir().unwrap();
    let strategy = |text: &str| {
        let settings = resolved(dir.path(), text, None, Sections::default()).unwrap();
        settings.deploy.strategy
    };
    assert_eq!(strategy(""), Strategy::BlueGreen(BlueGreen::PLAIN));
    let rolling = Rolling {
        max_parallel: HostCount::Hosts(2),
        surge: Surge::Instead { lb_notice_ms: 5000 },
    };
    assert_eq!(
        strategy(
            "[deploy]\nstrategy = \"rolling\"\nrolling = { max_parallel = 2, surge = false, lb_notice = \"5s\" }"
        ),
        Strategy::Rolling(rolling)
    );
    let hot = Hot {
        max_parallel: HostCount::Percent(10),
        watch_ms: 60_000,
    };
    assert_eq!(
        strategy(
            "[deploy]\nstrategy = \"auto\"\nfallback = \"rolling\"\nhot = { max_parallel = \"10%\", watch = \"1m\" }\n\
             rolling = { max_parallel = 2, surge = false, lb_notice = \"5s\" }"
        ),
        Strategy::Auto {
            hot,
            fallback: Box::new(Strategy::Rolling(rolling))
        }
    );
    let text = "[deploy]\nstrategy = \"canary\"\n[deploy.canary]\nstickiness = \"off\"\nsteps = [{ set_weight = 5 }, \
                { pause = { for = \"1m\" } }, { pause = {} }, { analysis = \"errors\" }]\n\
                [analysis.errors]\nfor = \"5m\"\nmargin_permille = 20";
    let Strategy::Canary(Canary { steps, stickiness }) = strategy(text) else {
        panic!("no canary");
    };
    assert_eq!(stickiness, Stickiness::Off);
    assert_eq!(
        steps[..3],
        [
            CanaryStep::SetWeight(5),
            CanaryStep::Pause {
                for_ms: Some(60_000)
            },
            CanaryStep::Pause { for_ms: None }
        ]
    );
    let CanaryStep::Analysis(errors) = &steps[3] else {
        panic!("no analysis");
    };
    assert_eq!((errors.for_ms, errors.interval_ms), (300_000, 30_000));
    assert_eq!(errors.comparison.as_ref().unwrap().margin_ppm, 20_000);
    let text = "[deploy.blue_green]\npause = {}\npost_promotion = \"errors\"\n[analysis.errors]\nfor = \"5m\"\nmargin_permille = 20";
    let plain = BlueGreen {
        pre_promotion: None,
        pause: Some(Pause { for_ms: None }),
        post_promotion: Some(errors.clone()),
    };
    assert_eq!(strategy(text), Strategy::BlueGreen(plain));
}

#[test]
fn the_schema_knows_every_key_that_is_resolved() {
    let dir = tempfile::tempdir().unwrap();
    let settings = resolved(dir.path(), "", None, Sections::default()).unwrap();
    let known = super::keys::all();
    for row in settings.rows.iter().filter(|row| row.key != "environment") {
        let table = row.key.strip_suffix(".PORT").unwrap_or(&row.key);
        assert!(
            known.iter().any(|key| key == table),
            "{} is not in the schema",
            row.key
        );
    }
}
