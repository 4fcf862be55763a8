//! Every file of every BEAM package at hand means here what it means to Erlang.
//!
//! By default these are the packages of Erlang and Elixir that are installed. With `CUTOVER_TEST_ALL`
//! also Debian's RabbitMQ, ejabberd, Yaws and the rest of OTP, as `script/setup --bench` unpacks them, and
//! the debug information of every module instead of some.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use beam::etf::{Term, decode, encode};
use beam::facts::{self, CompileInfo, ModuleFacts};
use beam::term::{self, consult};
use beam::{BeamFile, ChunkId, Limits, Script};

use crate::{all, erl, framed, write_framed};

const LIMITS: Limits = Limits::RELEASE;

/// Where to look: the libraries of Erlang and Elixir, and with `CUTOVER_TEST_ALL` what was unpacked.
fn roots() -> Vec<PathBuf> {
    let found = erl(
        r#"io:format(Out, "~ts~n~ts", [code:root_dir(), filename:dirname(filename:dirname(
            os:cmd("printf %s $(readlink -f $(command -v elixir))")))])"#,
        &[],
    );
    let mut roots: Vec<PathBuf> = found.lines().map(PathBuf::from).collect();
    if all() {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/beam-packages");
        assert!(
            packages.is_dir(),
            "{} is missing: run script/setup --bench",
            packages.display()
        );
        roots.push(packages);
    }
    roots
}

/// The files below the roots that end so, each file once.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = roots();
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(&dir).unwrap().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            if kind.is_dir() {
                left.push(path);
            } else if kind.is_file() && endings.contains(&ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {endings:?}");
    found
}

/// Has Erlang answer for each file with a term, in one run. `code` is a fun of a path.
fn answers(files: &[PathBuf], code: &str) -> Vec<Term> {
    let dir = tempfile::tempdir().unwrap();
    let (listed, answers) = (dir.path().join("listed"), dir.path().join("answers"));
    let names: Vec<&str> = files.iter().map(|f| f.to_str().unwrap()).collect();
    fs::write(&listed, names.join("\n")).unwrap();
    erl(
        &format!(
            r#"[Listed, Answers] = Arguments, {{ok, Text}} = file:read_file(Listed),
               Answer = {code},
               {{ok, To}} = file:open(Answers, [write, raw, delayed_write]),
               [begin
                    B = term_to_binary(Answer(unicode:characters_to_list(F))),
                    ok = file:write(To, <<(byte_size(B)):32, B/binary>>)
                end || F <- binary:split(Text, <<"\n">>, [global])],
               ok = file:close(To)"#
        ),
        &[&listed, &answers],
    );
    let bytes = fs::read(&answers).unwrap();
    let read = framed(&bytes)
        .into_iter()
        .map(|b| decode(b, &LIMITS).unwrap());
    let read: Vec<Term> = read.collect();
    assert_eq!(read.len(), files.len());
    read
}

/// What `beam_lib` says of a module, its attributes and atoms as they are in the file.
const FACTS: &str = r#"fun(F) ->
    {ok, {M, D}} = beam_lib:md5(F),
    {ok, {M, Chunks}} = beam_lib:chunks(F,
        [exports, imports, attributes, compile_info, atoms, "LitT", "FunT"], [allow_missing_chunks]),
    Value = fun(K) -> proplists:get_value(K, Chunks) end,
    Literals = case Value("LitT") of
        missing_chunk -> [];
        <<_:32, Packed/binary>> ->
            <<_:32, Each/binary>> = zlib:uncompress(Packed),
            [binary_to_term(L) || <<S:32, L:S/binary>> <= Each]
    end,
    #{module => M, md5 => D, exports => Value(exports), imports => Value(imports),
      attributes => Value(attributes), compile_info => Value(compile_info),
      atoms => [A || {_, A} <- Value(atoms)], literals => Literals,
      funs => case Value("FunT") of <<N:32, _/binary>> -> N; _ -> 0 end}
end"#;

#[test]
fn the_facts_of_every_module_are_those_that_beam_lib_tells() {
    let files = files(&["beam"]);
    assert!(
        files.len() > if all() { 3000 } else { 1000 },
        "{}",
        files.len()
    );
    for (path, theirs) in files.iter().zip(answers(&files, FACTS)) {
        let bytes = fs::read(path).unwrap();
        let beam = BeamFile::read(&bytes, &LIMITS).unwrap();
        let ours = ModuleFacts::read(&beam, &LIMITS).unwrap();
        let of = |key: &str| theirs.get(key).unwrap();
        let place = path.display();
        assert_eq!(Some(ours.module()), of("module").as_atom(), "{place}");
        assert_eq!(
            Some(beam.md5().unwrap().0.as_slice()),
            of("md5").as_binary()
        );
        let atoms: Vec<Term> = ours.atoms().iter().map(Term::atom).collect();
        assert_eq!(Some(&*atoms), of("atoms").as_list(), "{place}");
        let exports = ours.exports().map(|f| {
            assert!(ours.has_export(f.name, f.arity));
            Term::tuple([Term::atom(f.name), Term::Int(f.arity.into())])
        });
        assert_eq!(sorted(exports), sorted_list(of("exports")), "{place}");
        let imports = ours.imports().map(|f| {
            let (module, name) = (Term::atom(f.module), Term::atom(f.name));
            Term::tuple([module, name, Term::Int(f.arity.into())])
        });
        assert_eq!(sorted(imports), sorted_list(of("imports")), "{place}");
        assert_eq!(merged(&ours), by_name(of("attributes")), "{place}");
        assert_eq!(i64::from(ours.funs()), of("funs").as_int().unwrap());
        let literals = facts::literals(&beam, &LIMITS).unwrap();
        assert_eq!(Some(&*literals), of("literals").as_list(), "{place}");
        match beam.chunk(ChunkId(*b"CInf")) {
            Some(data) => compile_info(
                &CompileInfo::read(data, &LIMITS).unwrap(),
                of("compile_info"),
            ),
            None => assert!(of("compile_info").is_atom("missing_chunk"), "{place}"),
        }
    }
}

fn sorted(terms: impl Iterator<Item = Term>) -> Vec<Term> {
    let mut terms: Vec<Term> = terms.collect();
    terms.sort();
    terms
}

fn sorted_list(term: &Term) -> Vec<Term> {
    sorted(term.as_list().unwrap().iter().cloned())
}

/// `beam_lib` joins the values of attributes of one name.
fn merged(facts: &ModuleFacts) -> BTreeMap<String, Vec<Term>> {
    let mut merged: BTreeMap<String, Vec<Term>> = BTreeMap::new();
    for (name, value) in facts.attributes().iter() {
        let values = value.as_list().unwrap();
        merged
            .entry(name.to_owned())
            .or_default()
            .extend_from_slice(values);
    }
    merged
}

fn by_name(pairs: &Term) -> BTreeMap<String, Vec<Term>> {
    let pairs = pairs
        .as_list()
        .unwrap()
        .iter()
        .map(|pair| match pair.as_tuple() {
            Some([Term::Atom(name), values]) => (name.clone(), values.as_list().unwrap().to_vec()),
            _ => panic!("{pair}"),
        });
    pairs.collect()
}

fn compile_info(ours: &CompileInfo, theirs: &Term) {
    let text = |key| theirs.get(key).and_then(Term::text);
    assert_eq!(ours.version, text("version"));
    assert_eq!(ours.source, text("source"));
    assert_eq!(ours.options.as_ref(), theirs.get("options"));
    assert_eq!(
        ours.others.len() + 3,
        theirs.as_list().unwrap().len().max(3)
    );
}

/// The instruction in the code against the attribute in the source, where that was kept.
#[test]
fn the_function_that_is_run_on_load_is_found() {
    let files = files(&["beam"]);
    let theirs = answers(
        &files,
        r#"fun(F) -> case beam_lib:chunks(F, [abstract_code]) of
            {ok, {_, [{_, {_, Forms}}]}} ->
                {known, [N || {attribute, _, on_load, {N, 0}} <- Forms]};
            _ -> unknown
        end end"#,
    );
    let (mut with, mut without) = (0, 0);
    for (path, theirs) in files.iter().zip(theirs) {
        let bytes = fs::read(path).unwrap();
        let beam = BeamFile::read(&bytes, &LIMITS).unwrap();
        let ours = facts::on_load(&beam).unwrap();
        let Some([_, names]) = theirs.as_tuple() else {
            continue;
        };
        let ours: Vec<Term> = ours.into_iter().map(Term::Atom).collect();
        assert_eq!(Some(&*ours), names.as_list(), "{}", path.display());
        match ours.is_empty() {
            true => without += 1,
            false => with += 1,
        }
    }
    assert!(with >= 2 && without > 500, "{with} {without}");
}

/// What we read of them and write again is the same term to Erlang.
#[test]
fn debug_information_documentation_and_others_are_read_whole() {
    let every = if all() { 1 } else { 20 };
    let files: Vec<PathBuf> = files(&["beam"]).into_iter().step_by(every).collect();
    let limits = Limits {
        depth_max: 320,
        ..LIMITS
    };
    let dir = tempfile::tempdir().unwrap();
    let (listed, ours) = (dir.path().join("listed"), dir.path().join("ours"));
    let mut names = Vec::new();
    let mut frames = Vec::new();
    for path in &files {
        let bytes = fs::read(path).unwrap();
        let beam = BeamFile::read(&bytes, &limits).unwrap();
        for id in [b"Dbgi", b"Docs", b"ExCk"] {
            let Some(data) = beam.chunk(ChunkId(*id)).filter(|d| !d.is_empty()) else {
                continue;
            };
            let term = decode(data, &limits).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let id = std::str::from_utf8(id).unwrap();
            names.push(format!("{id} {}", path.display()));
            frames.push(encode(&term).unwrap());
        }
    }
    assert!(frames.len() > 50, "{}", frames.len());
    fs::write(&listed, names.join("\n")).unwrap();
    write_framed(&ours, frames);
    let wrong = erl(
        r#"[Listed, Ours] = Arguments, {ok, Text} = file:read_file(Listed),
           {ok, From} = file:open(Ours, [read, raw, binary, read_ahead]),
           [begin
                {ok, <<S:32>>} = file:read(From, 4), {ok, B} = file:read(From, S),
                {ok, {_, [{_, Chunk}]}} = beam_lib:chunks(unicode:characters_to_list(F), [binary_to_list(Id)]),
                binary_to_term(Chunk) =:= binary_to_term(B) orelse io:format(Out, "~ts~n", [L])
            end || L <- binary:split(Text, <<"\n">>, [global]), [Id, F] <- [binary:split(L, <<" ">>)]]"#,
        &[&listed, &ours],
    );
    assert_eq!(wrong, "");
}

/// Read by `file:consult/1` and by us, then printed by us and read by both again.
#[test]
fn every_file_of_terms_means_the_same_and_is_printed_so() {
    let files = files(&["app", "appup", "rel", "script"]);
    let theirs = answers(
        &files,
        "fun(F) -> case file:consult(F) of {ok, T} -> T; {error, _} -> error end end",
    );
    let dir = tempfile::tempdir().unwrap();
    let mut printed = Vec::new();
    for (index, (path, theirs)) in files.iter().zip(&theirs).enumerate() {
        let bytes = fs::read(path).unwrap();
        let Ok(terms) = consult(&bytes, &LIMITS) else {
            assert!(theirs.is_atom("error"), "{}", path.display());
            continue;
        };
        let etf: Vec<Term> = terms.iter().map(|t| Term::try_from(t).unwrap()).collect();
        assert_eq!(theirs.as_list(), Some(&*etf), "{}", path.display());
        let text = terms.iter().map(|t| format!("{t}.\n{}.\n", t.pretty()));
        let again = dir.path().join(index.to_string());
        fs::write(&again, text.collect::<String>()).unwrap();
        printed.push((again, etf));
    }
    assert!(printed.len() > 40, "{}", printed.len());
    let paths: Vec<PathBuf> = printed.iter().map(|(path, _)| path.clone()).collect();
    let again = answers(&paths, "fun(F) -> {ok, T} = file:consult(F), T end");
    for ((_, etf), theirs) in printed.iter().zip(again) {
        let twice: Vec<Term> = etf.iter().flat_map(|t| [t.clone(), t.clone()]).collect();
        assert_eq!(theirs.as_list(), Some(&*twice));
    }
}

/// Read, written as `.boot` and as `.script`, and read by Erlang as the same script.
#[test]
fn every_boot_file_is_read_and_written() {
    let files = files(&["boot"]);
    let dir = tempfile::tempdir().unwrap();
    let (mut boots, mut scripts) = (Vec::new(), Vec::new());
    for (index, path) in files.iter().enumerate() {
        let script = Script::read_boot(&fs::read(path).unwrap(), &LIMITS).unwrap();
        assert!(
            script
                .loaded_modules()
                .any(|m| m == "application_controller")
        );
        assert!(script.applications().count() >= 1);
        let (boot, text) = (script.to_boot().unwrap(), script.to_text().unwrap());
        assert_eq!(Script::read_text(text.as_bytes(), &LIMITS), Ok(script));
        boots.push(dir.path().join(format!("{index}.boot")));
        scripts.push(dir.path().join(format!("{index}.script")));
        fs::write(boots.last().unwrap(), boot).unwrap();
        fs::write(scripts.last().unwrap(), text).unwrap();
    }
    let read = "fun(F) -> {ok, B} = file:read_file(F), binary_to_term(B) end";
    let originals = answers(&files, read);
    assert_eq!(answers(&boots, read), originals);
    let consulted = answers(&scripts, "fun(F) -> {ok, [T]} = file:consult(F), T end");
    assert_eq!(consulted, originals);
}

/// `RELEASES`, as OTP itself keeps it.
#[test]
fn the_installed_releases_are_read() {
    let path = roots()[0].join("releases/RELEASES");
    let releases = beam::Releases::read(&fs::read(path).unwrap(), &LIMITS).unwrap();
    let permanent = releases.permanent().unwrap();
    assert!(permanent.libraries.iter().any(|l| l.name == "stdlib"));
    let text = releases.to_string();
    let theirs = erl(
        r#"{ok, [T]} = file:consult(code:root_dir() ++ "/releases/RELEASES"), io:format(Out, "~tp.", [T])"#,
        &[],
    );
    let read = |text: &str| term::consult_one(text.as_bytes(), &LIMITS).unwrap();
    assert_eq!(read(&text), read(&theirs));
}
