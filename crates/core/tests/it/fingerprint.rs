//! A reload notices what it should.

use std::fs;
use std::os::unix::fs::symlink;

use lockgate_core::Environment;
use lockgate_core::config::load;
use lockgate_core::fingerprint::Fingerprint;

const ONE: &str = "model_list: []\n";
const TWO: &str = "model_list: [ ]";

#[test]
fn a_config_map_swap_is_noticed_and_a_touch_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    // As the kubelet lays it out: config.yaml -> ..data/config.yaml, ..data -> ..one
    for (version, text) in [("..one", ONE), ("..two", TWO)] {
        fs::create_dir(at(version)).expect("a folder");
        fs::write(at(version).join("config.yaml"), text).expect("a file");
    }
    symlink("..one", at("..data")).expect("a link");
    symlink("..data/config.yaml", at("config.yaml")).expect("a link");

    let loaded = load(at("config.yaml"), &Environment::default()).expect("a configuration");
    assert_eq!(loaded.fingerprint, Fingerprint::take(&loaded.files));

    fs::write(at("..one").join("config.yaml"), ONE).expect("a file");
    assert_eq!(loaded.fingerprint, Fingerprint::take(&loaded.files));

    symlink("..two", at("..data_tmp")).expect("a link");
    fs::rename(at("..data_tmp"), at("..data")).expect("a swap");
    assert_ne!(loaded.fingerprint, Fingerprint::take(&loaded.files));
}

#[test]
fn an_included_file_counts_and_so_does_its_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let main = folder.path().join("config.yaml");
    let more = folder.path().join("more.yaml");
    fs::write(&main, "include: [more.yaml]\n").expect("a file");
    fs::write(&more, ONE).expect("a file");
    let loaded = load(&main, &Environment::default()).expect("a configuration");
    assert_eq!(loaded.fingerprint, Fingerprint::take(&loaded.files));
    fs::write(&more, TWO).expect("a file");
    let changed = Fingerprint::take(&loaded.files);
    assert_ne!(loaded.fingerprint, changed);
    fs::remove_file(&more).expect("a file");
    let gone = Fingerprint::take(&loaded.files);
    assert_ne!(changed, gone);
    assert_eq!(gone, Fingerprint::take(&loaded.files));
}
