//! Manifests of every shape.

use proptest::prelude::*;

use super::*;

fn module() -> impl Strategy<Value = Module> {
    ("[a-zA-Z._]{1,12}", any::<[u8; 16]>()).prop_map(|(name, md5)| Module {
        name,
        md5: ModuleMd5(md5),
    })
}

fn modules() -> impl Strategy<Value = Vec<Module>> {
    prop::collection::btree_map("[a-zé._]{1,8}", module(), 0..4).prop_map(|named| {
        let modules = named.into_iter();
        modules
            .map(|(name, module)| Module { name, ..module })
            .collect()
    })
}

fn content() -> impl Strategy<Value = Content> {
    (0..1_u64 << 30, any::<[u8; 32]>()).prop_map(|(size, digest)| Content {
        size,
        blake3: blake3::Hash::from_bytes(digest),
    })
}

fn entry_kind() -> impl Strategy<Value = EntryKind> {
    prop_oneof![
        (any::<bool>(), content()).prop_map(|(executable, content)| EntryKind::File {
            executable,
            content
        }),
        "[a-z]{1,8}(/[a-z]{1,4})?".prop_map(|target| EntryKind::Symlink { target }),
    ]
}

/// File names start with a capital, directories do not, so none lies below another.
fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let path = "([a-zß ]{1,6}/){0,3}[A-Z][a-z\"\\\\]{0,6}";
    prop::collection::btree_map(path, entry_kind(), 0..6).prop_map(|named| {
        let entries = named.into_iter().map(|(path, kind)| Entry {
            path: EntryPath::new(path).unwrap(),
            kind,
        });
        entries.collect()
    })
}

prop_compose! {
    fn manifest()(
        texts in prop::array::uniform5("\\PC{0,8}"),
        elixir in prop::option::of("[0-9.]{1,6}"),
        applications in prop::collection::btree_map("[a-z]{1,6}", modules(), 0..4),
        consolidated in modules(),
        entries in entries(),
        sbom in content(),
    ) -> Manifest {
        let [release, vsn, erts, otp, target] = texts;
        let applications = applications.into_iter().map(|(name, modules)| Application {
            name,
            vsn: vsn.clone(),
            modules,
        });
        Manifest {
            applications: applications.collect(),
            release, vsn, erts, otp, elixir, target, consolidated, entries, sbom,
        }
    }
}

proptest! {
    #[test]
    fn a_manifest_reads_back_and_only_from_its_own_bytes(
        manifest in manifest(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let bytes = manifest.to_bytes();
        let back = Manifest::parse(&bytes).unwrap();
        prop_assert_eq!(&back, &manifest);
        let mut other = bytes.clone();
        other[at.index(bytes.len())] = byte;
        match Manifest::parse(&other) {
            Ok(parsed) => prop_assert_eq!(parsed.to_bytes(), other),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(Manifest::parse(&bytes).is_err());
    }
}

#[test]
fn the_bytes_of_version_1_stay_as_they_are() {
    let bytes = include_bytes!("v1.fixture.json");
    let manifest = Manifest::parse(bytes).unwrap();
    assert_eq!(manifest.to_bytes(), bytes);
    assert_eq!(manifest.entries.len(), 3);
    let id = "54c27194d557f43aac1ca1e7f7f0463cda020c4c414521251a5e8935441b363b";
    assert_eq!(manifest.id().to_string(), id);
}
