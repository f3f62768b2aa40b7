//! Tokens that nobody believes.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use tidings::{Claims, Signer};
use tidings_test::World;

use crate::tokens::{part, token, world};

async fn believed(world: &World, token: &str) -> bool {
    let answer = world.get("/shop", Some(token)).await;
    assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&answer.status));
    answer.status == StatusCode::OK
}

fn encoded(json: &Json) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn with(mut json: Json, changes: &Json) -> Json {
    let changes = changes.as_object().unwrap().clone();
    json.as_object_mut().unwrap().extend(changes);
    json
}

/// The token with some values of its header and claims replaced, and its signature kept.
fn edited(token: &str, header: &Json, claims: &Json) -> String {
    let header = encoded(&with(part(token, 0), header));
    let claims = encoded(&with(part(token, 1), claims));
    let signature = token.split('.').nth(2).unwrap();
    format!("{header}.{claims}.{signature}")
}

#[tokio::test]
async fn a_token_that_was_edited_is_refused() {
    let world = world().await;
    let good = token(&world).await;
    let same = json!({});
    let headers = [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "HS256" }),
        json!({ "kid": null }),
        json!({ "kid": "other" }),
        json!({ "kid": "../../etc/passwd" }),
        json!({ "kid": ["a", "b"] }),
        json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "AAAA" } }),
        json!({ "jku": "https://evil.example/jwks.json" }),
        json!({ "crit": ["exp"] }),
    ];
    for header in headers {
        assert!(
            !believed(&world, &edited(&good, &header, &same)).await,
            "{header}"
        );
    }
    let claims = [
        json!({ "roles": ["operator"] }),
        json!({ "exp": 4_102_444_800_i64 }),
        json!({ "sub": "00000000-0000-0000-0000-000000000000" }),
        json!({ "email": "eve@example.com" }),
    ];
    for claims in claims {
        assert!(
            !believed(&world, &edited(&good, &same, &claims)).await,
            "{claims}"
        );
    }
    assert!(believed(&world, &good).await);
}

#[tokio::test]
async fn a_token_without_a_whole_signature_is_refused() {
    let world = world().await;
    let good = token(&world).await;
    let (content, signature) = good.rsplit_once('.').unwrap();
    let claims = content.split('.').nth(1).unwrap();
    let kid = part(&good, 0)["kid"].clone();
    let unsigned = encoded(&json!({ "alg": "none", "typ": "JWT", "kid": kid }));
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let bad = [
        String::new(),
        "token".to_owned(),
        "..".to_owned(),
        content.to_owned(),
        format!("{content}."),
        format!("{unsigned}.{claims}."),
        format!("{unsigned}.{claims}.{signature}"),
        format!("{content}.{}", &signature[..80]),
        format!("{content}.{first}{}", &signature[1..]),
        format!("{good}.{signature}"),
        format!("{good} x"),
        format!("{content}.{}", "A".repeat(86)),
    ];
    for token in bad {
        assert!(!believed(&world, &token).await, "{token}");
    }
}

/// HMAC-SHA-256 by hand.
fn hs256(key: &[u8], message: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let hash = |pad: u8, message: &[u8]| {
        let pad = block.map(|byte| byte ^ pad);
        Sha256::new()
            .chain_update(pad)
            .chain_update(message)
            .finalize()
    };
    let inner = hash(0x36, message.as_bytes());
    URL_SAFE_NO_PAD.encode(hash(0x5c, &inner))
}

/// The attack in which the public key, which everybody has, is taken for a shared secret.
#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    let world = world().await;
    let good = token(&world).await;
    let keys = world.get("/.well-known/jwks.json", None).await.json;
    let published = keys["keys"][0]["x"].as_str().unwrap();
    let public = URL_SAFE_NO_PAD.decode(published).unwrap();
    let header = encoded(&with(part(&good, 0), &json!({ "alg": "HS256" })));
    let content = format!("{header}.{}", encoded(&part(&good, 1)));
    for secret in [public.as_slice(), published.as_bytes()] {
        let token = format!("{content}.{}", hs256(secret, &content));
        assert!(!believed(&world, &token).await);
    }
}

#[tokio::test]
async fn a_token_of_another_key_is_refused_even_under_our_keys_name() {
    let world = world().await;
    let good = token(&world).await;
    let claims: Claims = serde_json::from_value(part(&good, 1)).unwrap();
    let key = Signer::generate().unwrap();
    for kid in ["other", part(&good, 0)["kid"].as_str().unwrap()] {
        let foreign = Signer::new(kid, &key).unwrap().sign(&claims).unwrap();
        assert!(!believed(&world, &foreign).await, "{kid}");
    }
}

/// Well signed with a key that is believed, so that only the claims can be the reason.
#[tokio::test]
async fn a_well_signed_token_for_somebody_else_or_another_time_is_refused() {
    let world = world().await;
    let good = part(&token(&world).await, 1);
    let key = Signer::generate().unwrap();
    let signer = Signer::new("trusted", &key).unwrap();
    world
        .installation()
        .verifier()
        .trust("trusted", signer.public_key());
    let sign = |changes: Json| {
        let claims: Claims = serde_json::from_value(with(good.clone(), &changes)).unwrap();
        signer.sign(&claims).unwrap()
    };
    assert!(believed(&world, &sign(json!({}))).await);
    let now = world.clock().now().as_micros() / 1_000_000;
    for wrong in [
        json!({ "aud": "other" }),
        json!({ "aud": "" }),
        json!({ "iss": "other" }),
        json!({ "iss": "" }),
        json!({ "exp": now }),
        json!({ "exp": now - 1 }),
        json!({ "exp": 0 }),
        json!({ "exp": -1 }),
    ] {
        assert!(!believed(&world, &sign(wrong.clone())).await, "{wrong}");
    }
}
