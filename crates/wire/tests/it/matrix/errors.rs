//! An upstream's error as the client gets it; one table per pair.

use super::*;

#[test]
fn errors() {
    for (upstream, client) in pairs() {
        let mut table = String::new();
        for Fixture { name, body } in fixtures(upstream, "errors") {
            let (status, _) = name.split_once('-').unwrap();
            let error = upstream
                .dialect()
                .decode_error(status.parse().unwrap(), &body);
            let body = client.dialect().encode_error(&error);
            let body = std::str::from_utf8(&body).unwrap();
            table.push_str(&format!("{name}\n  {} {body}\n", error.status));
        }
        snapshot("errors", "all", (upstream, client), &table);
    }
}
