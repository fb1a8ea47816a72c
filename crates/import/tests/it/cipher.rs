//! What LiteLLM encrypted, in both of its formats.

use lockgate_core::entity::EntityKind;
use lockgate_import::Mode;

use crate::fixture::{SCHEMA, ciphertexts, options, run};
use crate::memory::{Memory, Wax};
use crate::postgres::Postgres;

#[tokio::test]
async fn everything_that_litellm_encrypted_is_decrypted() {
    let server = Postgres::start();
    server.run(SCHEMA);
    let made = ciphertexts();
    for place in ["xsalsa20-poly1305", "aes-256-gcm", "master key"] {
        let mut values = made[place].clone();
        values.as_object_mut().unwrap().remove("callback");
        let values = values.to_string().replace('\'', "''");
        server
            .run(format!(
                "INSERT INTO \"LiteLLM_CredentialsTable\" (credential_id, credential_name, credential_values) \
                 VALUES ('{place}', '{place}', '{values}')"
            ));
    }
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    assert!(report.is_clean(), "{report}");
    for place in ["xsalsa20-poly1305", "aes-256-gcm", "master key"] {
        let credential = store.get(EntityKind::Credential, place).unwrap();
        let sealed = credential.settings["sealed"].as_str().unwrap();
        let (_, opened) = sealed.split_once(": ").unwrap();
        let opened: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(opened).unwrap();
        // In the fixture every value stands under its plain text.
        assert!(
            opened.iter().all(|(plain, opened)| opened == plain),
            "{opened:?}"
        );
        assert!(opened.len() >= 2);
    }
}

#[tokio::test]
async fn a_ciphertext_that_was_tampered_with_is_not_taken() {
    let server = Postgres::start();
    server.run(SCHEMA);
    let made = ciphertexts();
    for (id, place) in [("nacl", "xsalsa20-poly1305"), ("gcm", "aes-256-gcm")] {
        let sealed = made[place]["openai/gpt-5"].as_str().unwrap();
        let (head, tail) = sealed.split_at(sealed.len() - 8);
        let broken = format!(
            "{head}{}{}",
            if tail.starts_with('A') { "B" } else { "A" },
            &tail[1..]
        );
        server.run(format!(
            "INSERT INTO \"LiteLLM_ProxyModelTable\" (model_id, model_name, litellm_params) \
                 VALUES ('{id}', 'gpt', '{{\"model\": \"{broken}\"}}')"
        ));
    }
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    assert_eq!(report.problems.len(), 2, "{report}");
    assert!(store.everything().is_empty());
}
