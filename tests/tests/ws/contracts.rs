//! The documents as they are served, and the operator's routes as they are documented.

use testkit::contract::{ASYNCAPI, OPENAPI, openapi};

use super::gateway::TestGateway;
use super::operator::{exchange, gateway, token};
use super::transport::http;

#[tokio::test]
async fn the_document_of_the_socket_is_served_beside_it() {
    let gateway = TestGateway::start();
    let get = "GET /asyncapi.yaml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = http(&gateway, get).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(
        head.to_lowercase()
            .contains("content-type: application/yaml"),
        "{head}"
    );
    assert_eq!(body, ASYNCAPI);
    let other = http(&gateway, &get.replace("asyncapi", "openapi")).await;
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
}

#[tokio::test]
async fn the_document_of_the_operator_is_served_to_operators() {
    let gateway = gateway();
    let (status, head, body) = exchange(&gateway, "GET", "/openapi.yaml", &token(), "").await;
    assert_eq!((status, body.as_str()), (200, OPENAPI));
    assert!(
        head.to_lowercase()
            .contains("content-type: application/yaml"),
        "{head}"
    );
    let (status, _, _) = exchange(&gateway, "GET", "/openapi.yaml", "no", "").await;
    assert_eq!(status, 401);
}

/// Every operation of the document exists, and no other method of its paths does.
#[tokio::test]
async fn every_route_is_documented_and_every_documented_route_is_there() {
    let gateway = gateway();
    for (path, operations) in openapi()["paths"].as_object().unwrap() {
        let names = [
            ("{user}", "alice"),
            ("{base}", "LUXURY001"),
            ("{quote}", "XRP"),
            ("{fund}", "pool"),
        ];
        let here = names.iter().fold(path.clone(), |path, (name, value)| {
            path.replace(name, value)
        });
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
            let (status, _, body) = exchange(&gateway, method, &here, &token(), "").await;
            let is_there = !matches!(status, 404 | 405);
            let is_documented = operations.get(method.to_lowercase()).is_some();
            assert_eq!(is_there, is_documented, "{method} {path}: {status} {body}");
        }
    }
}
