//! Tokens that others made: the examples of RFC 7515, and `PyJWT`, which LiteLLM uses.

use std::time::{Duration, SystemTime};

use lockgate_identity::IdentityError;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, KEYS, Scripted, settings};

/// `{"iss":"joe", "exp":1300819380, "http://example.com/is_root":true}`, with line ends in it.
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7515, appendix A.2.2: header, key, signature.
const RS256: [&str; 3] = [
    "eyJhbGciOiJSUzI1NiJ9",
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
];

/// RFC 7515, appendix A.3: header, signature.
const ES256: [&str; 2] = [
    "eyJhbGciOiJFUzI1NiJ9",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
];

fn gateway(keys: &Value) -> Gateway {
    let fetch = Scripted::default();
    fetch.answer(KEYS, Answer::json(&json!({"keys": keys})));
    Gateway::with(settings(), fetch)
}

#[tokio::test(start_paused = true)]
async fn examples_of_rfc_7515() {
    let rsa = json!({"kty": "RSA", "n": RS256[1], "e": "AQAB"});
    let ec = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let rs256 = format!("{}.{PAYLOAD}.{}", RS256[0], RS256[2]);
    let es256 = format!("{}.{PAYLOAD}.{}", ES256[0], ES256[1]);
    let mut settings = settings();
    settings.audience = None;
    settings.issuer = Some("joe".to_owned());
    settings.claims.user_id = Some("iss".to_owned());
    let fetch = Scripted::default();
    fetch.answer(KEYS, Answer::json(&json!({"keys": [rsa, ec]})));
    let gateway = Gateway::with(settings, fetch);
    let in_time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_300_819_380);
    for token in [&rs256, &es256] {
        let caller = gateway
            .beside(gateway.identity.authenticate(token, in_time))
            .await;
        assert_eq!(caller.unwrap().user_id.as_deref(), Some("joe"));
        assert_eq!(gateway.show(token).await, Err(IdentityError::Expired));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_pyjwt() {
    let made: Value = serde_json::from_str(include_str!("pyjwt.json")).unwrap();
    let gateway = gateway(&made["keys"]);
    let tokens = made["tokens"].as_object().unwrap();
    assert_eq!(tokens.len(), 10);
    for (algorithm, token) in tokens {
        let caller = gateway.show(token.as_str().unwrap()).await;
        assert_eq!(
            caller.unwrap().user_id.as_deref(),
            Some("ada"),
            "{algorithm}"
        );
    }
}
