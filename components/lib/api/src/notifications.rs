//! Tells others of held requests: signed webhooks, from what the database wrote down
//! (Standard Webhooks 1.0.0).
//!
//! What is told is true when it is sent; it may come twice, late, or not in order, so it
//! carries an id that does not change. Whoever hears of a request looks at it here.

mod secret;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use serde_json::{Value, json};
use vectra_domain::{HeldRequest, HeldRequestId, HeldStatus, Notification, Timestamp};

use crate::gateway::Gateway;
use crate::lifecycle::Event;
use crate::ports::{OutgoingBody, Secret, Secrets, Upstream};
use crate::sealing::hmac;
use crate::settings::Settings;
use secret::WebhookKeys;

/// How many are told at a time.
const AT_ONCE: u32 = 5;
/// How long the receiver may take to begin an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so many attempts, some five hours, one is given up.
const MAX_ATTEMPTS: u32 = 14;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Says what is wrong with the key of notifications, if there are any. Never shows it.
#[must_use]
pub fn check_webhook(settings: &Settings, secrets: &dyn Secrets) -> Option<Event> {
    settings.held.webhook.as_ref()?;
    let why = keys(secrets).err()?;
    let what = "nobody is told of held requests".to_owned();
    Some(Event::Undone { what, why })
}

fn keys(secrets: &dyn Secrets) -> Result<WebhookKeys, String> {
    let text = secrets.get(Secret::WebhookSecret)?;
    WebhookKeys::parse(&text).map_err(|error| error.to_string())
}

impl<U> Gateway<'_, U> {
    /// Tells what is due, a bounded number of it, each within a bounded time. What fails is
    /// due again later, until it is given up.
    pub(crate) fn notify<B>(&self)
    where
        U: Upstream<B>,
    {
        self.notify_some::<B>(AT_ONCE);
    }

    /// Tells what is due until there is no more of it, or until this time.
    pub(crate) fn notify_until<B>(&self, end: Timestamp)
    where
        U: Upstream<B>,
    {
        while self.notify_some::<B>(AT_ONCE) >= AT_ONCE && self.ports.clock.now() < end {}
    }

    /// Removes what was written down, up to `limit` of it, if there is nobody to tell.
    pub(crate) fn forget_untold(&self, limit: u32) {
        let notifications = self.ports.notifications;
        if self.settings.held.webhook.is_some() {
            return;
        }
        if let Err(error) = self.with_schema(|| notifications.clear(limit)) {
            self.log(&format!("notifications are not removed: {error}"));
        }
    }

    /// Tells at most so many of what is due, and says how many were.
    pub(crate) fn notify_some<B>(&self, most: u32) -> u32
    where
        U: Upstream<B>,
    {
        let notifications = self.ports.notifications;
        let Some(address) = &self.settings.held.webhook else {
            return 0;
        };
        // Before any is taken: an attempt that cannot be made shall not count.
        let keys = match keys(self.ports.secrets) {
            Ok(keys) => keys,
            Err(error) => {
                self.log(&format!("nobody is told of held requests: {error}"));
                return 0;
            }
        };
        let now = self.ports.clock.now();
        match self.with_schema(|| notifications.claim(now, most)) {
            Ok(due) => {
                let count = due.len();
                for notification in due {
                    self.tell::<B>(address, &keys, notification);
                }
                u32::try_from(count).unwrap_or(u32::MAX)
            }
            Err(error) => {
                self.log(&format!("nobody is told of held requests: {error}"));
                0
            }
        }
    }

    /// Tells one, and removes it if that succeeded or has failed too often.
    fn tell<B>(&self, address: &Uri, keys: &WebhookKeys, notification: Notification)
    where
        U: Upstream<B>,
    {
        let Notification {
            held_id,
            status,
            attempts,
        } = notification;
        let outcome = match self.with_schema(|| self.ports.held.find(held_id)) {
            Ok(Some(held)) => self.post::<B>(address, keys, status, &held),
            // It was removed meanwhile.
            Ok(None) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = outcome {
            if attempts < MAX_ATTEMPTS {
                let id = message_id(held_id, status);
                return self.log(&format!("notification {id}, attempt {attempts}: {why}"));
            }
            let id = message_id(held_id, status);
            self.log(&format!(
                "notification {id} is given up after {attempts} attempts: {why}"
            ));
        }
        let notifications = self.ports.notifications;
        if let Err(error) = self.with_schema(|| notifications.remove(held_id, status)) {
            let id = message_id(held_id, status);
            self.log(&format!("notification {id} is not removed: {error}"));
        }
    }

    /// Sends one. Nothing of the answer but its status is read, and no redirect is
    /// followed: who is told is what the configuration says.
    fn post<B>(
        &self,
        address: &Uri,
        keys: &WebhookKeys,
        status: HeldStatus,
        held: &HeldRequest,
    ) -> Result<(), String>
    where
        U: Upstream<B>,
    {
        let now = self.ports.clock.now();
        let body = message(status, held, now).to_string();
        let headers = signed(keys, &message_id(held.id, status), now, &body)
            .ok_or("its header fields cannot be written")?;
        let mut request = Request::new(OutgoingBody::<B>::Bytes(body.into_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.clone();
        *request.headers_mut() = headers;
        request.extensions_mut().insert(PATIENCE);
        let answer = self.ports.upstream.send(request);
        let status = answer.map_err(|error| error.to_string())?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("the receiver answered {}", status.as_u16())),
        }
    }
}

/// The same at each attempt, so that the receiver knows what it has heard.
fn message_id(id: HeldRequestId, status: HeldStatus) -> String {
    format!("{id}-{}", word(status))
}

/// A state as it stands in types and ids.
const fn word(status: HeldStatus) -> &'static str {
    match status {
        HeldStatus::Pending => "pending",
        HeldStatus::Approved => "approved",
        HeldStatus::Releasing => "releasing",
        HeldStatus::Released => "released",
        HeldStatus::Denied => "denied",
        HeldStatus::Expired => "expired",
        HeldStatus::Uncertain => "uncertain",
    }
}

/// What is told: nothing of the request but its method and its masked target.
fn message(status: HeldStatus, held: &HeldRequest, now: Timestamp) -> Value {
    let decided = status != HeldStatus::Pending;
    let timestamp = match status {
        HeldStatus::Pending => held.created_at,
        HeldStatus::Approved | HeldStatus::Denied => held.decided_at.unwrap_or(now),
        HeldStatus::Expired => held.expires_at,
        HeldStatus::Releasing | HeldStatus::Released | HeldStatus::Uncertain => now,
    };
    json!({
        "type": format!("held.{}", word(status)),
        "timestamp": timestamp.to_string(),
        "data": {
            "id": held.id,
            "agentId": held.agent_id,
            "method": held.method,
            "targetUrl": held.target_url,
            "reason": held.reason,
            "status": status,
            "createdAt": held.created_at.to_string(),
            "expiresAt": held.expires_at.to_string(),
            "decidedBy": held.decided_by.as_ref().filter(|_| decided),
        },
    })
}

/// The header fields of a message, its signatures among them: one for each key.
fn signed(keys: &WebhookKeys, id: &str, now: Timestamp, body: &str) -> Option<HeaderMap> {
    let seconds = now.micros().div_euclid(Timestamp::SECOND).to_string();
    let signature = |key: &[u8]| {
        let parts = [id, ".", &seconds, ".", body].map(str::as_bytes);
        format!("v1,{}", STANDARD.encode(hmac(key, &parts)))
    };
    let signatures: Vec<String> = keys.iter().map(signature).collect();
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, kind);
    for (name, value) in [
        (ID, id),
        (TIMESTAMP, &seconds),
        (SIGNATURE, &signatures.join(" ")),
    ] {
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(headers)
}
