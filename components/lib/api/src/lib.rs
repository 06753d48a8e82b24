//! Routes, JSON shapes and authentication of the gateway: http::Request in, response out.
