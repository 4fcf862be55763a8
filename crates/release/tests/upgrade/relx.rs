//! Releases that Mix did not make: in the layout of relx, several versions in one directory, and the tar
//! of `systools:make_tar`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use release::pair::{PairError, Source, read, read_pair};
use tempfile::TempDir;

/// Compiles a worker in two versions and makes a release of each with systools, in one directory; the tar
/// of the newer one beside it.
const MAKE: &str = r#"
    [Root] = init:get_plain_arguments(),
    Source = fun(N) -> "-module(worker). -behaviour(gen_server). "
        "-export([init/1, handle_call/3, handle_cast/2, number/0]). "
        "init(_) -> {ok, nothing}. handle_call(_, _, S) -> {reply, ok, S}. "
        "handle_cast(_, S) -> {noreply, S}. number() -> " ++ integer_to_list(N) ++ ". " end,
    Compile = fun(N) ->
        {ok, Tokens, _} = erl_scan:string(Source(N)),
        Split = fun Split([], _, Acc) -> lists:reverse(Acc);
                    Split([{dot, _} = D | R], F, Acc) -> Split(R, [], [lists:reverse([D | F]) | Acc]);
                    Split([T | R], F, Acc) -> Split(R, [T | F], Acc) end,
        Forms = [element(2, erl_parse:parse_form(F)) || F <- Split(Tokens, [], [])],
        {ok, worker, Beam} = compile:forms(Forms, [debug_info]),
        Beam
    end,
    Write = fun(File, Term) ->
        ok = filelib:ensure_dir(File),
        ok = file:write_file(File, io_lib:format("~tp.~n", [Term]))
    end,
    Copied = [begin
        Lib = code:lib_dir(App),
        Name = filename:basename(Lib),
        [_, Vsn] = string:split(Name, "-"),
        To = filename:join([Root, "lib", Name, "ebin"]),
        ok = filelib:ensure_path(To),
        [{ok, _} = file:copy(F, filename:join(To, filename:basename(F)))
         || F <- filelib:wildcard(filename:join([Lib, "ebin", "*"]))],
        {App, Vsn}
    end || App <- [kernel, stdlib, sasl]],
    Erts = erlang:system_info(version),
    [begin
        Ebin = filename:join([Root, "lib", "plain-" ++ Vsn, "ebin"]),
        Write(filename:join(Ebin, "plain.app"), {application, plain, [
            {description, "d"}, {vsn, Vsn}, {modules, [worker]}, {registered, []}, {applications, [kernel, stdlib]}]}),
        ok = file:write_file(filename:join(Ebin, "worker.beam"), Compile(N)),
        Dir = filename:join([Root, "releases", Vsn]),
        Write(filename:join(Dir, "plain.rel"),
              {release, {"plain", Vsn}, {erts, Erts}, Copied ++ [{plain, Vsn}]}),
        Write(filename:join(Dir, "sys.config"), []),
        Path = [filename:join([Root, "lib", "*", "ebin"])],
        ok = systools:make_script(filename:join(Dir, "plain"),
                                  [{path, Path}, {outdir, Dir}, no_module_tests])
    end || {Vsn, N} <- [{"1.0.0", 1}, {"1.1.0", 2}]],
    ok = file:write_file(filename:join([Root, "releases", "start_erl.data"]), Erts ++ " 1.0.0"),
    {ok, _, _} = systools:make_tar(filename:join([Root, "releases", "1.1.0", "plain"]),
        [{path, [filename:join([Root, "lib", "*", "ebin"])]}, {outdir, Root}, no_module_tests, silent]),
    halt(0).
"#;

fn releases() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let dir = MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let output = sys::process::command("erl")
            .args(["-noshell", "-eval", MAKE, "-extra"])
            .arg(dir.path())
            .env("ERL_CRASH_DUMP", "/dev/null")
            .output()
            .expect("erl is installed (script/setup)");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{stdout}");
        dir
    });
    dir.path()
}

fn tar() -> PathBuf {
    releases().join("plain.tar.gz")
}

#[test]
fn of_several_versions_in_a_directory_one_is_meant() {
    let default = Source::open(releases(), None).unwrap();
    let newer = Source::open(releases(), Some("1.1.0")).unwrap();
    let (one, two) = read_pair(&default, &newer, &[]).unwrap();
    assert_eq!(
        (one.release.vsn.as_str(), two.release.vsn.as_str()),
        ("1.0.0", "1.1.0")
    );
    let of = |release: &relup::Release| release.application("plain").unwrap().vsn.clone();
    assert_eq!(
        (of(&one.release), of(&two.release)),
        ("1.0.0".into(), "1.1.0".into())
    );
    // What belongs to the other version is no part of either.
    assert!(!one.release.files.keys().any(|path| path.contains("1.1.0")));
    let diff = relup::diff(&one.release, &two.release);
    let [plain] = &diff.applications[..] else {
        panic!("{:?}", diff.applications);
    };
    assert_eq!(plain.modules.len(), 1);
    assert_eq!(plain.modules[0].name, "worker");

    let unknown = Source::open(releases(), Some("9.9.9")).unwrap();
    let error = read(&unknown, &[]).unwrap_err();
    assert!(error.to_string().contains("9.9.9"), "{error}");
}

#[test]
fn a_tar_of_systools_says_itself_which_version_it_is() {
    let tar = read(&Source::open(&tar(), None).unwrap(), &[]).unwrap();
    assert_eq!(tar.release.vsn, "1.1.0");
    let dir = read(&Source::open(releases(), Some("1.1.0")).unwrap(), &[]).unwrap();
    let modules = |release: &relup::Release| -> Vec<(String, String)> {
        let apps = release.applications.iter();
        let modules = apps.flat_map(|app| app.modules.values());
        modules
            .map(|m| (m.name.clone(), m.md5.to_string()))
            .collect()
    };
    assert_eq!(modules(&tar.release), modules(&dir.release));
    tar.require_sasl().unwrap();
}

#[test]
fn debug_information_of_what_differs_is_kept_whatever_it_is_read_from() {
    let older = Source::open(releases(), None).unwrap();
    for newer in [
        Source::open(releases(), Some("1.1.0")).unwrap(),
        Source::open(&tar(), None).unwrap(),
    ] {
        let (one, two) = read_pair(&older, &newer, &[]).unwrap();
        for reading in [&one, &two] {
            let (_, worker) = reading.release.module("worker").unwrap();
            assert!(worker.debug.is_some(), "{:?}", reading.source);
        }
    }
}

#[test]
fn a_release_without_sasl_is_told_and_still_compared() {
    let copy = tempfile::tempdir().unwrap();
    crate::world::copy_tree(releases(), copy.path());
    let rel = copy.path().join("releases/1.0.0/plain.rel");
    let text = fs::read_to_string(&rel).unwrap();
    let start = text.find("{sasl").unwrap();
    let end = start + text[start..].find('}').unwrap() + 1;
    let end = end + text[end..].find('{').unwrap();
    fs::write(&rel, format!("{}{}", &text[..start], &text[end..])).unwrap();
    let reading = read(&Source::open(copy.path(), None).unwrap(), &[]).unwrap();
    let error = reading.require_sasl().unwrap_err();
    assert!(matches!(error, PairError::WithoutSasl { .. }), "{error}");
}
