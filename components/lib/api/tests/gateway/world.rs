//! What stands around the gateway in these tests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use serde_json::Value;
use vectra_api::{
    Classifier, ClientAddresses, Clock, Engine, FollowUp, Forwarded, Gateway, OutgoingBody,
    PolicyEngine, Ports, Random, RequestBody, ResponseBody, Secret, Secrets, Settings, Upstream,
    UpstreamError,
};
use vectra_decision::{
    ClassifierDescription, Compiled, Evaluation, Input, Intent, IntentQuestion, IntentStatus,
    PolicyQuestion, PolicyReply, Problem, Recollection, Verdict, rules,
};
use vectra_domain::Timestamp;
use vectra_persistence::memory::Memory;

use crate::database::Database;

pub const ADMIN: &str = "vop_0123456789abcdef0123456789abcdef";
pub const TOKEN_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const WEBHOOK_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
pub const DATA_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What the classifier may say.
pub const LABELS: [&str; 7] = [
    "bulk_export",
    "destructive_delete",
    "admin_action",
    "harmful",
    "read",
    "write",
    "unknown",
];

/// What a request that reached the upstream looked like.
pub struct Reached {
    pub method: String,
    pub uri: String,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

/// What happens meanwhile.
type Meanwhile = Box<dyn Fn(&World)>;

pub struct World {
    pub memory: Memory,
    /// The same rows as the gateway sees them.
    pub database: Database,
    pub config: String,
    /// 2023-11-15T12:00:00Z, a Wednesday at noon.
    pub now: Cell<i64>,
    pub undecided: Cell<bool>,
    pub upstream_fails: RefCell<Option<UpstreamError>>,
    /// What is answered everywhere, if it is set.
    pub answer: RefCell<Option<Response<Vec<u8>>>>,
    /// How often the upstream was tried, whether it was reached or not.
    pub tried: Cell<usize>,
    /// How long the upstream takes to begin an answer, in microseconds.
    pub slowness: Cell<i64>,
    /// How long it may take to, and to end it, as it was asked the last time.
    pub patience: Cell<(Option<Duration>, Option<Duration>)>,
    /// Whether the process ends as soon as it has answered.
    pub crashes: Cell<bool>,
    /// What happens while a gateway sleeps.
    pub meanwhile: RefCell<Option<Meanwhile>>,
    /// What is answered at these URLs, in place of the one answer of the upstream.
    pub answers: RefCell<BTreeMap<String, (u16, String)>>,
    /// The secret variable `token_secret`.
    pub token_secret: RefCell<String>,
    /// The secret variable `data_key`.
    pub data_key: RefCell<String>,
    /// The secret variable `webhook_secret`, if there is one.
    pub webhook_secret: RefCell<Option<String>>,
    pub reached: RefCell<Vec<Reached>>,
    pub log: RefCell<Vec<String>>,
    /// Whether each request gets a line in it.
    pub log_requests: Cell<bool>,
    /// What the classifier says; without it there is none.
    pub intent: RefCell<Option<Intent>>,
    /// What makes its kept answers its own.
    pub fingerprint: RefCell<String>,
    /// What it was asked.
    pub asked: RefCell<Vec<IntentQuestion>>,
    /// How often random bytes were asked for.
    pub random: Cell<u64>,
}

impl World {
    pub fn new() -> Self {
        Self::configured("{}")
    }

    pub fn configured(config: &str) -> Self {
        let memory = Memory::bare();
        Self {
            database: Database::new(memory.clone()),
            memory,
            config: config.to_owned(),
            now: Cell::new(1_700_049_600 * Timestamp::SECOND),
            undecided: Cell::default(),
            upstream_fails: RefCell::default(),
            answer: RefCell::default(),
            tried: Cell::default(),
            slowness: Cell::default(),
            patience: Cell::default(),
            crashes: Cell::default(),
            meanwhile: RefCell::default(),
            answers: RefCell::default(),
            token_secret: RefCell::new(TOKEN_SECRET.to_owned()),
            data_key: RefCell::new(DATA_KEY.to_owned()),
            webhook_secret: RefCell::new(Some(WEBHOOK_SECRET.to_owned())),
            reached: RefCell::default(),
            log: RefCell::default(),
            log_requests: Cell::default(),
            intent: RefCell::default(),
            fingerprint: RefCell::default(),
            asked: RefCell::default(),
            random: Cell::default(),
        }
    }

    /// Another gateway over the same database, its clock a second ahead.
    pub fn beside(&self) -> Self {
        let other = Self {
            database: Database::new(self.memory.clone()),
            memory: self.memory.clone(),
            ..Self::configured(&self.config)
        };
        other.now.set(self.now.get() + Timestamp::SECOND);
        other
    }

    pub fn settings(&self) -> Settings {
        let (mut settings, problems) = vectra_api::settings::read(&self.config, self);
        assert_eq!(problems, [], "{}", self.config);
        settings.tokens.bcrypt_cost = 4;
        settings.log_requests = self.log_requests.get();
        settings
    }

    /// What a gateway does in this world.
    pub fn with_gateway<T>(&self, act: impl FnOnce(&Gateway<'_, Self>) -> T) -> T {
        let settings = self.settings();
        let ports = Ports {
            schema: &self.database,
            agents: &self.database,
            history: &self.database,
            audit: &self.database,
            policies: &self.database,
            held: &self.database,
            notifications: &self.database,
            credentials: &self.database,
            ledger: &self.database,
            access: &self.database,
            operators: &self.database,
            acts: &self.database,
            lockouts: &self.database,
            issuers: &self.database,
            circuits: &self.database,
            intents: &self.database,
            engine: self,
            policy_engine: self,
            classifier: self,
            clock: self,
            random: self,
            secrets: self,
            client_addresses: ClientAddresses::Trusted,
            bundle_digest: None,
            upstream: self,
        };
        let log = |line: &str| self.log.borrow_mut().push(line.to_owned());
        act(&Gateway::new(ports, &settings, &log))
    }

    pub fn send<B: RequestBody>(&self, request: Request<B>) -> Response<Vec<u8>> {
        self.with_gateway(|gateway| {
            let response = gateway.handle(request).map(|body| match body {
                ResponseBody::Empty => Vec::new(),
                ResponseBody::Bytes(bytes) | ResponseBody::Upstream(bytes) => bytes,
            });
            if self.crashes.get() {
                return response;
            }
            // As the shell does once the answer is passed on.
            if let Some(follow_up) = response.extensions().get::<FollowUp>() {
                gateway.follow_up::<B>(*follow_up);
            }
            if let Some(forwarded) = response.extensions().get::<Forwarded>() {
                gateway.conclude(*forwarded, response.body().len() as u64, None);
            }
            response
        })
    }

    /// A management request with the admin key.
    pub fn manage(&self, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        self.ask(ADMIN, method, path, body)
    }

    /// A management request with this key.
    pub fn ask(&self, key: &str, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        let response = self.send(request.body(body.as_bytes().to_vec()).unwrap());
        let value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        (response.status(), value)
    }

    /// Adds an operator and returns their id and key.
    pub fn operator(&self, name: &str, role: &str) -> (String, String) {
        let body = format!(r#"{{"name":"{name}","role":"{role}"}}"#);
        let (status, operator) = self.manage("POST", "/operators", &body);
        assert_eq!(status, StatusCode::CREATED, "{operator}");
        let text = |field: &str| operator[field].as_str().unwrap().to_owned();
        (text("operatorId"), text("key"))
    }

    /// What operators did, newest first.
    pub fn acts(&self) -> Vec<Value> {
        let (status, page) = self.manage("GET", "/audit/acts?limit=200", "");
        assert_eq!(status, StatusCode::OK, "{page}");
        page["items"].as_array().unwrap().clone()
    }

    /// Lets time pass, in seconds.
    pub fn wait(&self, seconds: i64) {
        self.now.set(self.now.get() + seconds * Timestamp::SECOND);
    }

    /// Registers an agent and returns its id and a token.
    pub fn agent(&self) -> (String, String) {
        let secret = "a secret of enough length";
        let body = format!(r#"{{"name":"robot","clientSecret":"{secret}"}}"#);
        let (status, agent) = self.manage("POST", "/agents", &body);
        assert_eq!(status, StatusCode::CREATED, "{agent}");
        let id = agent["agentId"].as_str().unwrap().to_owned();
        let body = format!(r#"{{"agentId":"{id}","clientSecret":"{secret}"}}"#);
        let (status, token) = self.manage("POST", "/tokens", &body);
        assert_eq!(status, StatusCode::OK, "{token}");
        (id, token["accessToken"].as_str().unwrap().to_owned())
    }

    /// Puts policies there as `lifecycle.start` does.
    pub fn policies(&self, files: &[(&str, &str)]) -> Vec<vectra_api::lifecycle::Event> {
        let files = files
            .iter()
            .map(|(name, text)| vectra_api::lifecycle::File {
                name: (*name).to_owned(),
                content: Ok((*text).to_owned()),
            })
            .collect();
        vectra_api::lifecycle::start(
            files,
            Clock::now(self),
            &self.database,
            &self.database,
            self,
        )
        .unwrap()
    }

    pub fn assign(&self, agent: &str, policy: &str) {
        let body = format!(r#"{{"policyName":"{policy}"}}"#);
        let (status, answer) = self.manage("PUT", &format!("/agents/{agent}/policy"), &body);
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// The audit as the API shows it, newest first.
    pub fn audit(&self) -> Vec<Value> {
        let (status, page) = self.manage("GET", "/audit", "");
        assert_eq!(status, StatusCode::OK, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.get()).unwrap()
    }

    /// Time passes at once.
    fn sleep(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        self.now.set(self.now.get() + micros);
        let meanwhile = self.meanwhile.take();
        if let Some(meanwhile) = meanwhile {
            meanwhile(self);
        }
    }
}

/// No two are the same, and ids of one millisecond sort as they were made.
impl Random for World {
    fn fill(&self, bytes: &mut [u8]) {
        self.random.set(self.random.get() + 1);
        let count = self.random.get().to_be_bytes();
        let rest = 100..=u8::MAX;
        for (byte, value) in bytes.iter_mut().zip(count.into_iter().chain(rest)) {
            *byte = value;
        }
    }
}

impl Secrets for World {
    fn get(&self, secret: Secret) -> Result<String, String> {
        Ok(match secret {
            Secret::Token => self.token_secret.borrow().clone(),
            Secret::AdminKey => ADMIN.to_owned(),
            Secret::DataKey => self.data_key.borrow().clone(),
            Secret::WebhookSecret => {
                let secret = self.webhook_secret.borrow().clone();
                return secret.ok_or_else(|| "there is no `webhook_secret`".to_owned());
            }
        })
    }
}

impl Engine for World {
    fn evaluate(&self, input: &Input) -> Evaluation {
        let evaluation = vectra_decision::evaluate(input);
        match evaluation {
            Evaluation::Decided(decision) if self.undecided.get() => {
                Evaluation::NeedsPolicy(decision.risk)
            }
            other => other,
        }
    }
}

impl PolicyEngine for World {
    fn compile(&self, source: &str) -> Result<Compiled, Vec<Problem>> {
        rules::compile(source)
    }

    fn evaluate(&self, code: &[u8], question: &PolicyQuestion) -> PolicyReply {
        rules::evaluate(code, question)
    }

    fn recall(&self, code: &[u8], recollection: &Recollection) -> Result<Verdict, Vec<String>> {
        rules::recall(code, recollection)
    }
}

impl Classifier for World {
    fn describe(&self, _config: &str) -> ClassifierDescription {
        ClassifierDescription {
            name: "Test".to_owned(),
            classifies: self.intent.borrow().is_some(),
            labels: LABELS.map(str::to_owned).to_vec(),
            remote: true,
            fingerprint: self.fingerprint.borrow().clone(),
            problems: Vec::new(),
        }
    }

    fn classify(&self, _config: &str, question: &IntentQuestion) -> Intent {
        self.asked.borrow_mut().push(question.clone());
        let intent = self.intent.borrow().clone();
        intent.unwrap_or_else(|| Intent {
            label: "unknown".to_owned(),
            confidence: 0.0,
            status: IntentStatus::Failed,
            risk_tags: Vec::new(),
            explanation: None,
            model: None,
        })
    }
}

impl<B: RequestBody> Upstream<B> for World {
    type Body = Vec<u8>;

    fn send(&self, request: Request<OutgoingBody<B>>) -> Result<Response<Vec<u8>>, UpstreamError> {
        self.tried.set(self.tried.get() + 1);
        self.now.set(self.now.get() + self.slowness.get());
        let patience = request.extensions().get::<Duration>().copied();
        self.patience.set((patience, None));
        if let Some(error) = self.upstream_fails.borrow().clone() {
            return Err(error);
        }
        let (head, body) = request.into_parts();
        let answer = self.answers.borrow().get(&head.uri.to_string()).cloned();
        self.reached.borrow_mut().push(Reached {
            method: head.method.to_string(),
            uri: head.uri.to_string(),
            headers: head.headers,
            body: match body {
                OutgoingBody::Empty => Vec::new(),
                OutgoingBody::Bytes(bytes) => bytes,
                OutgoingBody::Stream(body) => body.read(usize::MAX).unwrap(),
            },
        });
        if let Some(answer) = self.answer.borrow().clone() {
            return Ok(answer);
        }
        if let Some((status, body)) = answer {
            let response = Response::builder().status(status);
            return Ok(response.body(body.into_bytes()).unwrap());
        }
        Ok(Response::builder()
            .status(201)
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .body(b"from upstream".to_vec())
            .unwrap())
    }

    fn read(
        &self,
        body: Vec<u8>,
        limit: usize,
        patience: Duration,
    ) -> Result<Vec<u8>, UpstreamError> {
        self.patience.set((self.patience.get().0, Some(patience)));
        if body.len() > limit {
            return Err(UpstreamError::Unreachable("too long".to_owned()));
        }
        Ok(body)
    }
}
