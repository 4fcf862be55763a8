//! The module digest equals `beam_lib:md5/1`.

use std::fs;
use std::io::Write;

use beam::{BeamError, BeamFile, ChunkId, Limits};

use crate::erl;

/// Every module of the installed Erlang and Elixir, as it is.
#[test]
fn the_digest_of_every_installed_module_is_beam_libs() {
    let listed = erl(
        r#"
        Elixir = filename:dirname(filename:dirname(os:cmd("printf %s $(readlink -f $(command -v elixir))"))),
        Beams = filelib:wildcard(code:lib_dir() ++ "/*/ebin/*.beam")
            ++ filelib:wildcard(Elixir ++ "/lib/*/ebin/*.beam"),
        [begin
            {ok, {M, D}} = beam_lib:md5(B),
            io:format(Out, "~ts ~ts ~ts~n", [M, [io_lib:format("~2.16.0b", [X]) || <<X>> <= D], B])
         end || B <- Beams]
        "#,
        &[],
    );
    let mut elixir = 0;
    for line in listed.lines() {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap();
        let (module, digest, path) = (word(), word(), word());
        let bytes = fs::read(path).unwrap();
        let beam = BeamFile::read(&bytes, &Limits::RELEASE).unwrap();
        assert_eq!(beam.module(), module, "{path}");
        assert_eq!(beam.md5().unwrap().to_string(), digest, "{path}");
        elixir += usize::from(module.starts_with("Elixir."));
    }
    assert!(listed.lines().count() > 1000, "{}", listed.lines().count());
    assert!(elixir > 200, "{elixir}");
}

/// The same module compiled with everything, stripped by OTP (which compresses), and compressed here.
#[test]
fn stripping_and_compressing_leave_the_digest_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("sample.erl");
    let text = "-module(sample).\n-export([f/1, g/1]).\n-vsn(7).\n-doc_like(x).\n\
                f(X) -> fun(Y) -> {X, Y, \"a literal\"} end.\ng(X) -> [fun() -> X end | f(X)].\n";
    fs::write(&source, text).unwrap();
    let expected = erl(
        r#"
        [Source, Dir] = Arguments,
        {ok, sample, Full} = compile:file(Source, [binary, debug_info]),
        {ok, {_, Stripped}} = beam_lib:strip(Full),
        ok = file:write_file(filename:join(Dir, "full"), Full),
        ok = file:write_file(filename:join(Dir, "stripped"), Stripped),
        {ok, {sample, D}} = beam_lib:md5(Full),
        {ok, {sample, D}} = beam_lib:md5(Stripped),
        io:format(Out, "~ts", [[io_lib:format("~2.16.0b", [X]) || <<X>> <= D]])
        "#,
        &[&source, dir.path()],
    );
    let full = fs::read(dir.path().join("full")).unwrap();
    let stripped = fs::read(dir.path().join("stripped")).unwrap();
    assert!(full.starts_with(b"FOR1"));
    assert!(stripped.starts_with(&[0x1f, 0x8b]));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&full).unwrap();
    let packed = packed.finish().unwrap();
    for bytes in [&full, &stripped, &packed] {
        let beam = BeamFile::read(bytes, &Limits::RELEASE).unwrap();
        assert_eq!(beam.module(), "sample");
        assert_eq!(beam.md5().unwrap().to_string(), expected);
    }
    let names = |bytes: &[u8]| -> Vec<String> {
        let beam = BeamFile::read(bytes, &Limits::RELEASE).unwrap();
        beam.debug_chunks().map(|(id, _)| id.to_string()).collect()
    };
    assert_eq!(names(&full), ["CInf", "Dbgi"]);
    assert!(names(&stripped).is_empty());
    cut_and_altered(&full, &stripped);
}

/// A file cut at any byte is an error or, past the last chunk's data, the same module; never a panic.
fn cut_and_altered(full: &[u8], stripped: &[u8]) {
    for end in 0..full.len() {
        if let Ok(beam) = BeamFile::read(&full[..end], &Limits::RELEASE) {
            assert_eq!(beam.module(), "sample");
            let _digest_or_missing_chunk = beam.md5();
        }
    }
    for end in 0..stripped.len() {
        assert!(BeamFile::read(&stripped[..end], &Limits::RELEASE).is_err());
    }
    let mut altered = full.to_vec();
    for at in 0..full.len() {
        altered[at] ^= 0xff;
        if let Ok(beam) = BeamFile::read(&altered, &Limits::RELEASE) {
            let _digest_or_missing_chunk = beam.md5();
        }
        altered[at] ^= 0xff;
    }
}

#[test]
fn what_is_no_module_is_refused() {
    let read = |bytes: &[u8]| BeamFile::read(bytes, &Limits::RELEASE).unwrap_err();
    assert_eq!(read(b""), BeamError::NotBeam);
    assert_eq!(read(b"FOR1\0\0\0\x04ABCD"), BeamError::NotBeam);
    let no_atoms = BeamError::MissingChunk {
        chunk: ChunkId(*b"AtU8"),
    };
    assert_eq!(read(b"FOR1\0\0\0\x04BEAM"), no_atoms);
    assert_eq!(
        read(b"FOR1\0\0\0\x04BEAMCode\xff\xff\xff\xff"),
        BeamError::CutShort { position: 12 }
    );
    assert_eq!(read(b"\x1f\x8bnot gzip"), BeamError::Gzip);
    let small = Limits {
        bytes_max: 100,
        ..Limits::RELEASE
    };
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&[0; 1 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let refused = BeamFile::read(&bomb, &small).unwrap_err();
    assert_eq!(refused, BeamError::TooLarge { limit: 100 });
}
