//! What may be bound: which origins, which header fields.

use std::collections::BTreeMap;

use http::{HeaderName, header};
use serde_json::{Value, json};
use vectra_domain::Origin;

use crate::fields::Fields;
use crate::proxy::headers::is_hop_by_hop;
use crate::proxy::target;

/// Most header fields of an origin.
const MAX_FIELDS: usize = 8;
/// Longest name of one, in bytes.
const MAX_NAME: usize = 100;
/// Longest value of one, in bytes.
const MAX_VALUE: usize = 8 * 1024;

/// Reads `scheme://host[:port]`, and nothing behind it.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    let (_, authority) = text.split_once("://").unwrap_or_default();
    if authority.contains(['/', '?']) {
        return Err("must be of the form scheme://host[:port], without a path".to_owned());
    }
    let target = target::parse(&format!("/proxy/{text}"));
    target
        .map(|target| Origin {
            scheme: target.scheme.to_owned(),
            host: target.host.host,
            port: target.host.port,
        })
        .map_err(|error| error.to_string())
}

/// Header fields by their names in lower case. No `Debug`: their values are secrets.
pub(super) struct HeaderFields(BTreeMap<String, String>);

impl HeaderFields {
    /// Takes `headers` out of a body; what is wrong with it `finish` tells.
    pub(super) fn take(fields: &mut Fields) -> Self {
        const FIELD: &str = "headers";
        let given = fields.required_secrets(FIELD);
        if !(1..=MAX_FIELDS).contains(&given.len()) {
            fields.refuse(FIELD, format!("must hold 1 to {MAX_FIELDS} header fields"));
        }
        let mut taken = BTreeMap::new();
        for (name, value) in given {
            if let Err(why) = check_name(&name).and_then(|()| check_value(&value)) {
                fields.refuse(FIELD, format!("`{name}` {why}"));
            } else if let Value::String(value) = value
                && taken.insert(name.to_ascii_lowercase(), value).is_some()
            {
                fields.refuse(FIELD, format!("`{name}` is given twice"));
            }
        }
        Self(taken)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// What is encrypted.
    pub(super) fn plain(&self) -> Vec<u8> {
        json!(self.0).to_string().into_bytes()
    }
}

/// Fields that say what the body is would make another request of the one that was
/// decided about; those of the connection and of the gateway itself would not arrive.
fn check_name(name: &str) -> Result<(), &'static str> {
    let known = name.parse::<HeaderName>();
    let Ok(known) = known.map_err(|_| ()).and_then(|known| match name.len() {
        ..=MAX_NAME => Ok(known),
        _ => Err(()),
    }) else {
        return Err("is no name of a header field");
    };
    let prefixed = |prefix| known.as_str().starts_with(prefix);
    let ours = ["vectra-", "spin-", "content-"].into_iter().any(prefixed);
    if ours || known == header::HOST || is_hop_by_hop(&known) {
        Err("cannot be a credential")
    } else {
        Ok(())
    }
}

fn check_value(value: &Value) -> Result<(), &'static str> {
    let Value::String(value) = value else {
        return Err("must have a text");
    };
    if !(1..=MAX_VALUE).contains(&value.len()) {
        return Err("must have a text of 1 to 8192 bytes");
    }
    let plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    match plain && value.trim() == value {
        true => Ok(()),
        false => Err("must have a text of printable ASCII without spaces at its ends"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_form() {
        let cases = [
            ("https://api.example", "https://api.example:443"),
            ("HTTPS://API.Example:443", "https://api.example:443"),
            ("http://api.example", "http://api.example:80"),
            ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
        ];
        for (text, expected) in cases {
            assert_eq!(origin(text).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            "api.example",
            "//api.example",
            "ftp://api.example",
            "https://",
            "https://api.example/",
            "https://api.example?x",
            "https://api.example#x",
            "https://user@api.example",
            "https://api.example:0",
            "https://2130706433",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_frames_a_message_or_is_the_gateways_cannot_be_a_credential() {
        for name in ["authorization", "X-Api-Key", "cookie", "proxy-key"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "x".repeat(MAX_NAME + 1);
        for name in [
            "",
            "x y",
            "x:",
            "größe",
            "Host",
            "Content-Length",
            "content-type",
            "Transfer-Encoding",
            "connection",
            "TE",
            "Proxy-Authorization",
            "Vectra-Authorization",
            "spin-client-addr",
            &long,
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_value_is_what_arrives() {
        let long = "x".repeat(MAX_VALUE + 1);
        for value in [
            "",
            " x",
            "x ",
            "x\r\ny: z",
            "x\0",
            "x\ty",
            "\u{7f}",
            "größe",
            &long,
        ] {
            assert!(check_value(&value.into()).is_err(), "{value:?}");
        }
        assert!(check_value(&Value::Null).is_err());
        assert_eq!(check_value(&"Bearer x y".into()), Ok(()));
    }
}
