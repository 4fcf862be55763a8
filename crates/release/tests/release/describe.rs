//! What the manifest and the bill of materials say of a real release.

use release::manifest::EntryKind;
use release::unpack::unpack;
use release::{Manifest, ReleaseTree};
use serde_json::Value;

use crate::sample::{packed, root};

#[test]
fn the_manifest_says_what_is_inside() {
    let (_, packed) = packed();
    let manifest = &packed.manifest;
    let tree = ReleaseTree::read(&root()).unwrap();
    assert_eq!(
        (manifest.release.as_str(), manifest.vsn.as_str()),
        ("tiny", "0.1.0")
    );
    assert_eq!(manifest.erts, tree.rel.erts);
    assert_eq!(manifest.applications.len(), tree.rel.applications.len());
    let elixir = tree
        .rel
        .applications
        .iter()
        .find(|a| a.name == "elixir")
        .unwrap();
    assert_eq!(manifest.elixir.as_ref(), Some(&elixir.vsn));
    assert_eq!(
        manifest.target,
        format!("{}-linux-gnu", std::env::consts::ARCH)
    );
    let otp = sys::process::command("erl")
        .args(["-noinput", "-boot", "start_clean", "-eval"])
        .arg("io:put_chars(erlang:system_info(otp_release)), halt(0).")
        .output()
        .unwrap();
    assert_eq!(manifest.otp.as_bytes(), otp.stdout);
    let tiny = manifest
        .applications
        .iter()
        .find(|a| a.name == "tiny")
        .unwrap();
    let names: Vec<&str> = tiny.modules.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Elixir.Tiny.Application",
            "Elixir.Tiny.Shape",
            "Elixir.Tiny.Shape.Tiny.Square",
            "Elixir.Tiny.Square"
        ]
    );
    // The consolidated protocol is other code than the one in the library.
    let shape = tiny
        .modules
        .iter()
        .find(|m| m.name == "Elixir.Tiny.Shape")
        .unwrap();
    let consolidated = manifest
        .consolidated
        .iter()
        .find(|m| m.name == shape.name)
        .unwrap();
    assert_ne!(shape.md5, consolidated.md5);
    let launcher = manifest
        .entries
        .iter()
        .find(|e| e.path.as_str() == "bin/tiny")
        .unwrap();
    assert!(matches!(
        launcher.kind,
        EntryKind::File {
            executable: true,
            ..
        }
    ));
    assert_eq!(Manifest::parse(&manifest.to_bytes()).unwrap(), *manifest);
    assert_eq!(manifest.id(), packed.id);
}

#[test]
fn the_bill_of_materials_lists_every_application() {
    let (workshop, packed) = packed();
    let store = tempfile::tempdir().unwrap();
    let unpacked = unpack(&packed.path, &workshop.trusted(), store.path()).unwrap();
    let bytes = std::fs::read(unpacked.dir.join("sbom.cdx.json")).unwrap();
    let sbom: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (&sbom["bomFormat"], &sbom["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    assert_eq!(sbom["metadata"]["component"]["name"], "tiny");
    assert!(sbom["metadata"].get("timestamp").is_none());
    let serial = sbom["serialNumber"].as_str().unwrap();
    assert!(
        serial.starts_with("urn:uuid:") && serial.len() == 45,
        "{serial}"
    );
    let components = sbom["components"].as_array().unwrap();
    assert_eq!(components.len(), packed.manifest.applications.len());
    let kernel = components.iter().find(|c| c["name"] == "kernel").unwrap();
    let vsn = kernel["version"].as_str().unwrap();
    assert_eq!(kernel["purl"], format!("pkg:otp/kernel@{vsn}"));
    assert_eq!(kernel["licenses"][0]["license"]["id"], "Apache-2.0");
    assert_eq!(kernel["hashes"][0]["alg"], "BLAKE3");
    let tiny = components.iter().find(|c| c["name"] == "tiny").unwrap();
    assert!(tiny.get("licenses").is_none());
    let depends = sbom["dependencies"].as_array().unwrap();
    let tiny = depends
        .iter()
        .find(|d| d["ref"] == tiny["bom-ref"])
        .unwrap();
    assert!(
        tiny["dependsOn"]
            .as_array()
            .unwrap()
            .contains(&kernel["bom-ref"])
    );
}
