//! The management API's routes from outside: no key, no way in; and methods that are not there.

use bytes::Bytes;
use http::Method;
use lockgate_admin::AdminRoute;

use crate::support::{MASTER, Stage};

#[tokio::test]
async fn no_route_answers_without_a_key_that_is_known() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let client = stage.gateway.client();
    for route in AdminRoute::ALL {
        for (verb, template) in route.paths() {
            let path = template.replace(['{', '}', '*'], "");
            let method = Method::from_bytes(verb.as_str().as_bytes()).unwrap();
            let reply = client
                .send(method.clone(), &path, Bytes::new())
                .await
                .unwrap()
                .collect()
                .await
                .unwrap();
            assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
            let stranger = stage.gateway.client().bearer("sk-nobody-knows-it");
            let reply = stranger
                .send(method.clone(), &path, Bytes::new())
                .await
                .unwrap()
                .collect()
                .await
                .unwrap();
            assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_refused_as_fastapi_does() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let client = stage.gateway.client().bearer(MASTER);
    let reply = client.get("/key/generate").await.unwrap();
    assert_eq!(
        (reply.status, reply.text()),
        (405, r#"{"detail":"Method Not Allowed"}"#.into())
    );
    assert_eq!(reply.headers["allow"], "POST");
}
