//! The chunks that Mix strips, kept beside the artifact.

use std::fs;
use std::path::PathBuf;

use beam::{BeamFile, ChunkId, Limits};
use release::ReleaseTree;
use release::debug::{all, chunks, keep};

use crate::sample::{packed, project, root};

fn sources() -> Vec<PathBuf> {
    let lib = project().join("_build/prod/lib/tiny");
    vec![
        lib.join("ebin"),
        lib.join("consolidated"),
        "/nowhere/ebin".into(),
    ]
}

#[test]
fn what_was_stripped_is_found_again_by_the_code_it_belongs_to() {
    let (_, packed) = packed();
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("x.debug.tar.zst");
    let tree = ReleaseTree::read(&root()).unwrap();
    let kept = keep(&tree, &sources(), &archive).unwrap();
    assert!(kept.modules >= 4 && kept.without > 100, "{kept:?}");

    let found = chunks(&archive, "Elixir.Tiny.Square").unwrap();
    let [square] = &found[..] else {
        panic!("{found:?}")
    };
    let module = packed
        .manifest
        .modules()
        .find(|(_, m)| m.name == "Elixir.Tiny.Square");
    assert_eq!(square.md5, module.unwrap().1.md5);
    let unstripped = fs::read(sources()[0].join("Elixir.Tiny.Square.beam")).unwrap();
    let unstripped = BeamFile::read(&unstripped, &Limits::RELEASE).unwrap();
    for id in [ChunkId(*b"Dbgi"), ChunkId(*b"Docs")] {
        assert!(square.chunk(id).is_some(), "{id}");
        assert_eq!(square.chunk(id), unstripped.chunk(id));
    }
    let shipped = fs::read(root().join("lib/tiny-0.1.0/ebin/Elixir.Tiny.Square.beam")).unwrap();
    let shipped = BeamFile::read(&shipped, &Limits::RELEASE).unwrap();
    for (id, _) in &square.chunks {
        assert!(shipped.chunk(*id).is_none(), "{id} is shipped");
    }

    // The protocol is there twice: as it is in the library, and consolidated.
    let shape = chunks(&archive, "Elixir.Tiny.Shape").unwrap();
    assert_eq!(shape.len(), 2);
    assert_ne!(shape[0].md5, shape[1].md5);
    let mut count = 0;
    all(&archive, &mut |_| count += 1).unwrap();
    assert_eq!(count, kept.modules);
    assert!(chunks(&archive, "Elixir.Nothing").unwrap().is_empty());

    let again = dir.path().join("again");
    keep(&tree, &sources(), &again).unwrap();
    assert_eq!(fs::read(&archive).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn a_damaged_archive_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("x.debug.tar.zst");
    keep(&ReleaseTree::read(&root()).unwrap(), &sources(), &archive).unwrap();
    let bytes = fs::read(&archive).unwrap();
    for end in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&archive, &bytes[..end]).unwrap();
        let message = chunks(&archive, "x").unwrap_err().to_string();
        assert!(
            message.contains("not an archive of debug chunks"),
            "{end}: {message}"
        );
    }
}
