//! `GET /asyncapi.yaml` and `GET /openapi.yaml`.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, header};

/// A document of [`crate::contracts`] as an answer.
pub(super) fn document(text: &'static str) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    // RFC 9512.
    let yaml = header::HeaderValue::from_static("application/yaml");
    reply.headers_mut().insert(header::CONTENT_TYPE, yaml);
    reply
}
