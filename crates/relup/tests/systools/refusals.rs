//! What cannot be compiled: OTP refuses it too, for the same reason, or docs/relup.md says why we do.

use beam::rel::StartType;

use crate::fixture::{App, Rel};
use crate::otp::Answer;
use crate::pairs::outcomes;

struct Case {
    top: Rel,
    base: Rel,
    /// How OTP names the reason; `ok` where it has none.
    otp: &'static str,
    message: &'static str,
}

fn shop(up: &str) -> (Rel, Rel) {
    let appup = format!("{{\"2\",[{{\"1\",[{up}]}}],[{{\"1\",[]}}]}}.");
    let top = App::new("shop", "2", &["a", "b"]).with_appup(appup);
    let base = App::new("shop", "1", &["a", "b"]);
    (Rel::new("r2", [top]), Rel::new("r1", [base]))
}

fn check(cases: Vec<Case>) {
    let of: Vec<_> = cases
        .iter()
        .map(|case| (&case.top, vec![&case.base]))
        .collect();
    for (case, outcome) in cases.iter().zip(outcomes(&of)) {
        let error = match &outcome.ours {
            Ok(relup) => panic!("{}: made {relup}", case.message),
            Err(error) => error.to_string(),
        };
        assert_eq!(error, case.message);
        let tag = match &outcome.otp {
            Answer::Made { .. } => "ok",
            Answer::Refused { tag, .. } => tag,
        };
        assert_eq!(tag, case.otp, "{error}: {:?}", outcome.otp);
    }
}

#[test]
fn instructions_that_make_no_script_are_refused() {
    let case = |up, otp, message| {
        let (top, base) = shop(up);
        Case {
            top,
            base,
            otp,
            message,
        }
    };
    check(vec![
        case(
            "{update,a},{upgrade,b}",
            "bad_instruction",
            "appup of shop: up entry \"1\": instruction 2: {upgrade,b}: there is no such instruction",
        ),
        case(
            "{update,a,{advanced,x},hard_purge,brutal_purge,[]}",
            "bad_purge_method",
            "appup of shop: up entry \"1\": instruction 1: \
             {update,a,{advanced,x},hard_purge,brutal_purge,[]}: \
             hard_purge is no soft_purge or brutal_purge",
        ),
        case(
            "{update,z}",
            "no_such_module",
            "up, base r1: z is in no .app file of the release r2; \
             add it to the modules of its application, or use delete_module",
        ),
        case(
            "{update,a,[b]}",
            "undef_module",
            "up, base r1: a depends on b, about which there is no instruction",
        ),
        case(
            "{update,a},{load_module,a}",
            "muldef_module",
            "up, base r1: two instructions are about the module a; leave one of them",
        ),
        case(
            "{update,a},point_of_no_return",
            "bad_op_before_point_of_no_return",
            "up, base r1: appup of shop: {update,a} stands before point_of_no_return; \
             only load_object_code and apply may",
        ),
        case(
            "point_of_no_return,{update,a},point_of_no_return",
            "too_many_point_of_no_return",
            "up, base r1: appup of shop: point_of_no_return stands there twice",
        ),
        case(
            "{load,{a,soft_purge,soft_purge}}",
            "no_object_code",
            "up, base r1: a is loaded, and no load_object_code reads it; \
             add it there, or use load_module",
        ),
        case(
            "{suspend,[a,b]},{resume,[a]}",
            "suspended_not_resumed",
            "up, base r1: b has suspend and no resume",
        ),
        case(
            "{resume,[a]}",
            "resumed_not_suspended",
            "up, base r1: a has resume and no suspend",
        ),
        case(
            "{stop,[a]}",
            "stop_not_start",
            "up, base r1: a has stop and no start",
        ),
        case(
            "{start,[a]}",
            "start_not_stop",
            "up, base r1: a has start and no stop",
        ),
        case(
            "{add_application,nowhere}",
            "no_such_application",
            "up, base r1: {add_application,nowhere}: the release r2 has no such application",
        ),
        case(
            "{remove_application,shop}",
            "removed_application_present",
            "up, base r1: shop is removed, and the release r2 has it",
        ),
        case(
            "{remove_application,nowhere}",
            "no_such_application",
            "up, base r1: {remove_application,nowhere}: the release r1 has no such application",
        ),
        case(
            "{load_object_code,{x,\"1\",[]}},{load_object_code,{x,\"2\",[]}}",
            "conflicting_versions",
            "up, base r1: object code of x is read in the versions 1 and 2",
        ),
        case(
            "[{update,a}]",
            "bad_instruction",
            "appup of shop: up entry \"1\": instruction 1: {update,a}: \
             a short form within a list is not read; write it out",
        ),
        case(
            "mnesia_backup",
            "not_yet_implemented",
            "appup of shop: up entry \"1\": instruction 1: mnesia_backup: \
             release_handler does not perform it; restart_emulator restarts the node",
        ),
        // Differences: OTP lets these pass, and nothing or worse happens on the node.
        case(
            "{code_change,[{a,extra}]}",
            "ok",
            "up, base r1: a has code_change and no suspend",
        ),
        case(
            "reboot",
            "ok",
            "appup of shop: up entry \"1\": instruction 1: reboot: \
             release_handler does not perform it; restart_emulator restarts the node",
        ),
    ]);
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    let (top, base) = shop("");
    let mut none = top.clone();
    none.apps[3].appup = None;
    let mut entry = base.clone();
    entry.apps[3].vsn = "1.1".to_owned();
    let mut wrong = top.clone();
    wrong.apps[3].appup = Some("{\"3\",[{\"1\",[]}],[{\"1\",[]}]}.".to_owned());
    check(vec![
        Case {
            top: none,
            base: base.clone(),
            otp: "file_problem",
            message: "shop changed from 1 to 2 and has no appup; let one be generated, \
                      or keep shop.appup in the project",
        },
        Case {
            top,
            base: entry,
            otp: "no_relup",
            message: "shop changed from 1.1 to 2, and its appup has no up entry for 1.1; \
                      add one, or let it be generated",
        },
        // A difference: OTP only warns.
        Case {
            top: wrong,
            base,
            otp: "ok",
            message: "the appup of shop is that of version 3, and the release has 2; write it for 2",
        },
    ]);
}

#[test]
fn releases_that_are_not_sound_are_refused() {
    let (top, base) = shop("");
    let case = |change: fn(&mut Rel), otp, message| {
        let mut base = base.clone();
        change(&mut base);
        Case {
            top: top.clone(),
            base,
            otp,
            message,
        }
    };
    check(vec![
        case(
            |r| {
                r.apps.remove(2);
            },
            "missing_sasl",
            "release r1: it lacks the application sasl; without it a release cannot be upgraded",
        ),
        case(
            |r| {
                r.apps.remove(1);
            },
            "missing_mandatory_app",
            "release r1: it lacks the application stdlib; without it a release cannot be upgraded",
        ),
        case(
            |r| r.apps[0].start = StartType::Transient,
            "mandatory_app",
            "release r1: kernel is transient, and must be permanent",
        ),
        case(
            |r| r.apps.push(App::new("shop", "2", &["a", "b"])),
            "duplicate_modules",
            "release r1: it has the application shop twice: 1 and 2",
        ),
        case(
            |r| r.apps.push(App::new("other", "2", &["z", "b"])),
            "duplicate_modules",
            "release r1: shop and other both have the module b",
        ),
        case(
            |r| {
                r.apps.push(App::new("other", "1", &[]));
                r.apps[3].registered.push("boss".to_owned());
                r.apps[4].registered.push("boss".to_owned());
            },
            "duplicate_register",
            "release r1: shop and other both have the registered name boss",
        ),
        case(
            |r| {
                r.apps.push(App::new("other", "1", &[]));
                r.apps.push(App::new("inner", "1", &[]));
                r.apps[3].includes.push("inner".to_owned());
                r.apps[4].includes.push("inner".to_owned());
            },
            "duplicate_include",
            "release r1: shop and other both have the included application inner",
        ),
        case(
            |r| r.apps[3].uses.push("missing".to_owned()),
            "undefined_applications",
            "release r1: shop needs the application missing, which the release lacks",
        ),
        case(
            |r| {
                r.apps.push(App::new("other", "1", &[]));
                r.apps[3].uses.push("other".to_owned());
                r.apps[4].uses.push("shop".to_owned());
            },
            "circular_dependencies",
            "release r1: the applications other, shop cannot be ordered: they need or include \
             each other in a circle, or one both needs and includes another",
        ),
        // A difference: OTP makes a relup that release_handler can never use.
        case(
            |r| r.vsn = "r2".to_owned(),
            "ok",
            "release r2: the base has the same version; give the new release another",
        ),
    ]);
}
