//! The gateway component: translates between WIT and `vectra-api`, nothing else.

mod bindings;
mod decision;
mod http_in;
mod http_out;
mod persistence;
mod surroundings;

use std::io::Write as _;

use bindings::exports::vectra::gateway::{lifecycle, metrics, settings};
use bindings::exports::wasi::http::incoming_handler;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use vectra_api::metrics::Sources;
use vectra_api::settings::{Problem, Severity};
use vectra_api::{FollowUp, Forwarded, Gateway, Ports, Settings};

use decision::Decision;
use persistence::Repositories;
use surroundings::Surroundings;

/// Files larger than this are no policies.
const MAX_FILE: u64 = 1024 * 1024;

struct Component;

bindings::export!(Component with_types_in bindings);

/// One line for the operator, in one piece.
fn log(line: &str) {
    let line = format!("{line}\n");
    // Nobody is left to be told that the log is gone.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

impl incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (settings, problems) = vectra_api::settings::read(&surroundings::config(), &Decision);
        if has_errors(&problems) {
            for problem in &problems {
                log(&format!(
                    "configuration: {}: {}",
                    problem.key, problem.message
                ));
            }
            return http_out::misconfigured(out);
        }
        serve(&settings, request, out);
    }
}

fn has_errors(problems: &[Problem]) -> bool {
    let mut severities = problems.iter().map(|problem| problem.severity);
    severities.any(|severity| severity == Severity::Error)
}

/// What the gateway stands on.
fn ports(bundle_digest: Option<&str>) -> Ports<'_, http_out::Outgoing> {
    Ports {
        schema: &Repositories,
        agents: &Repositories,
        history: &Repositories,
        audit: &Repositories,
        policies: &Repositories,
        held: &Repositories,
        notifications: &Repositories,
        credentials: &Repositories,
        ledger: &Repositories,
        access: &Repositories,
        operators: &Repositories,
        acts: &Repositories,
        lockouts: &Repositories,
        issuers: &Repositories,
        circuits: &Repositories,
        intents: &Repositories,
        engine: &Decision,
        policy_engine: &Decision,
        classifier: &Decision,
        clock: &Surroundings,
        random: &Surroundings,
        secrets: &Surroundings,
        client_addresses: surroundings::client_addresses(),
        bundle_digest,
        upstream: &http_out::Outgoing,
    }
}

fn serve(settings: &Settings, request: IncomingRequest, out: ResponseOutparam) {
    let digest = surroundings::bundle_digest();
    let ports = ports(digest.as_deref());
    match http_in::read(request) {
        Ok(request) => {
            let bodiless = request.method() == http::Method::HEAD;
            let gateway = Gateway::new(ports, settings, &log);
            let response = gateway.handle(request);
            let forwarded = response.extensions().get::<Forwarded>().copied();
            let follow_up = response.extensions().get::<FollowUp>().copied();
            let sent = http_out::answer(response, bodiless, out);
            if let Some(follow_up) = follow_up {
                gateway.follow_up::<http_in::Body>(follow_up);
            }
            if let Some(forwarded) = forwarded {
                gateway.conclude(forwarded, sent.bytes, sent.failure.as_deref());
            }
        }
        Err(status) => http_out::bare(status, out),
    }
}

impl settings::Guest for Component {
    fn check(config: String) -> Vec<settings::Problem> {
        let (_, problems) = vectra_api::settings::read(&config, &Decision);
        problems
            .into_iter()
            .map(|problem| settings::Problem {
                severity: match problem.severity {
                    Severity::Error => settings::Severity::Error,
                    Severity::Warning => settings::Severity::Warning,
                },
                key: problem.key,
                message: problem.message,
            })
            .collect()
    }

    fn files(config: String) -> Vec<settings::FileRequest> {
        let (settings, _) = vectra_api::settings::read(&config, &Decision);
        vec![settings::FileRequest {
            directory: settings.policy_directory,
            suffix: ".json".to_owned(),
            max_size: MAX_FILE,
        }]
    }

    fn path_limits(config: String) -> Vec<settings::PathLimit> {
        let (settings, _) = vectra_api::settings::read(&config, &Decision);
        let limits = settings.path_limits().into_iter();
        limits
            .map(|limit| settings::PathLimit {
                prefix: limit.prefix.to_owned(),
                concurrent: limit.concurrent,
            })
            .collect()
    }
}

impl metrics::Guest for Component {
    fn render() -> String {
        vectra_api::metrics::render(&Sources {
            schema: &Repositories,
            ledger: &Repositories,
            held: &Repositories,
            now: vectra_api::Clock::now(&Surroundings),
        })
    }
}

impl lifecycle::Guest for Component {
    fn start(files: Vec<lifecycle::File>) -> Result<Vec<lifecycle::Event>, String> {
        let files = files
            .into_iter()
            .map(|file| vectra_api::lifecycle::File {
                name: file.name,
                content: file.content,
            })
            .collect();
        let now = vectra_api::Clock::now(&Surroundings);
        vectra_api::lifecycle::start(files, now, &Repositories, &Repositories, &Decision)
            .map(|mut events| {
                events.extend(vectra_api::lifecycle::check_keys(&Surroundings));
                let (settings, _) = vectra_api::settings::read(&surroundings::config(), &Decision);
                let webhook = vectra_api::lifecycle::check_webhook(&settings, &Surroundings);
                events.extend(webhook);
                events.into_iter().map(event).collect()
            })
            .map_err(|error| error.to_string())
    }

    fn tick(budget: u32) -> Result<lifecycle::Progress, String> {
        let (settings, problems) = vectra_api::settings::read(&surroundings::config(), &Decision);
        // With a wrong age more would be removed than the operator wants.
        if has_errors(&problems) {
            return Err("the configuration has errors, so nothing is removed".to_owned());
        }
        let digest = surroundings::bundle_digest();
        let gateway = Gateway::new(ports(digest.as_deref()), &settings, &log);
        let progress = gateway.tick::<http_in::Body>(budget);
        let progress = progress.map_err(|error| error.to_string())?;
        Ok(lifecycle::Progress {
            events: progress.events.into_iter().map(event).collect(),
            more: progress.more,
        })
    }
}

fn event(event: vectra_api::lifecycle::Event) -> lifecycle::Event {
    use vectra_api::lifecycle::Event;
    let text = event.to_string();
    match event {
        Event::Done(_) => lifecycle::Event::Done(text),
        Event::Warning(_) | Event::Undone { .. } => lifecycle::Event::Warning(text),
    }
}
