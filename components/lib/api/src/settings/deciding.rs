//! How decisions are made (OB §7, §9.6, §13, §14, §25).

use http::Uri;
use vectra_decision as decision;
use vectra_decision::DecisionType::{Allow, Hitl};
use vectra_domain::TrustScore;

use super::tree::Tree;
use crate::issuer::url;
use crate::ports::Classifier;
use crate::proxy::target::HostPort;

/// Who is asked about a request's policy (`Policy.Enabled`, `Policy.DefaultProvider`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyUse {
    /// The policies of the database.
    Asked,
    /// A policy server, about every request.
    Opa(Opa),
    /// Nobody; every agent counts as unassigned and allowed (OB §7.1).
    Off,
}

/// A policy server with the interface of the Open Policy Agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opa {
    /// Where it is asked.
    pub url: Uri,
    /// How long it may take, in seconds, 1 to 60.
    pub timeout: u32,
}

/// The classifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SemanticUse {
    /// What it is told of its configuration: JSON.
    pub config: String,
    /// Part of the key of what is kept of its answers; none if nothing is kept.
    pub fingerprint: Option<String>,
    /// How long an answer is kept, in seconds.
    pub cache_seconds: u32,
}

/// The keys under `Semantic` that the gateway reads itself.
const OWN: [&str; 7] = [
    "Enabled",
    "ConfidenceThreshold",
    "AllowLowConfidence",
    "OnFailure",
    "DenyLabels",
    "HoldLabels",
    "CacheSeconds",
];

/// What the engine is told of meaning, and the classifier; none if it is switched off.
pub(super) fn semantic(
    tree: &mut Tree,
    classifier: &dyn Classifier,
) -> Option<(SemanticUse, decision::SemanticSettings)> {
    let enabled = tree.flag("Semantic.Enabled", false);
    let allow = tree.flag("Semantic.AllowLowConfidence", false);
    let settings = decision::SemanticSettings {
        confidence_threshold: tree.share("Semantic.ConfidenceThreshold", 0.7),
        low_confidence: if allow { Allow } else { Hitl },
        on_failure: on_failure(tree),
        deny_labels: labels(tree, "Semantic.DenyLabels", &["harmful"]),
        hold_labels: labels(
            tree,
            "Semantic.HoldLabels",
            &["bulk_export", "destructive_delete", "admin_action"],
        ),
    };
    let cache_seconds = tree.number("Semantic.CacheSeconds", 0..=604_800, 86_400);
    if !enabled {
        tree.leave_out(
            "Semantic",
            "has no effect unless `Semantic.Enabled` is true",
        );
        return None;
    }
    let config = tree.take_group("Semantic", &OWN);
    let description = classifier.describe(&config);
    if !description.classifies {
        let message = "cannot be true: the classifier composed into this bundle classifies \
nothing; choose another bundle";
        tree.refuse("Semantic.Enabled", message);
    }
    for problem in &description.problems {
        tree.refuse(&format!("Semantic.{}", problem.key), &problem.message);
    }
    for (key, labels) in [
        ("Semantic.DenyLabels", &settings.deny_labels),
        ("Semantic.HoldLabels", &settings.hold_labels),
    ] {
        // A misspelt label would never be found.
        if let Some(label) = labels
            .iter()
            .find(|label| description.classifies && !description.labels.contains(label))
        {
            let known = description.labels.join(", ");
            tree.refuse(key, &format!("`{label}` is none of {known}"));
        }
    }
    let keep = description.remote && cache_seconds > 0;
    let used = SemanticUse {
        config,
        fingerprint: keep.then_some(description.fingerprint),
        cache_seconds,
    };
    Some((used, settings))
}

fn on_failure(tree: &mut Tree) -> decision::DecisionType {
    let outcome = tree.outcome("Semantic.OnFailure", Hitl);
    if outcome == Allow {
        tree.refuse("Semantic.OnFailure", "must be Deny or Hitl");
    }
    outcome
}

fn labels(tree: &mut Tree, key: &str, default: &[&str]) -> Vec<String> {
    tree.texts(key)
        .unwrap_or_else(|| default.iter().map(|label| (*label).to_owned()).collect())
}

/// Who is asked about policies.
pub(super) fn policies(tree: &mut Tree, internal: &[HostPort]) -> PolicyUse {
    let enabled = tree.flag("Policy.Enabled", true);
    let key = "Policy.DefaultProvider";
    let chosen = tree.text(key, "Internal");
    let opa = chosen.eq_ignore_ascii_case("Opa");
    if !opa {
        if !chosen.eq_ignore_ascii_case("Internal") {
            // Going on without it would decide otherwise than the operator believes.
            tree.refuse(key, &format!("`{chosen}` is neither `Internal` nor `Opa`"));
        }
        let unused = format!("has no effect unless `{key}` is `Opa`");
        tree.leave_out("Policy.Providers.Opa", &unused);
    }
    match (enabled, opa) {
        (false, _) => {
            tree.leave_out("Policy.Providers.Opa", "has no effect: policies are off");
            tree.leave_out(
                "Policy.Unassigned",
                "has no effect: policies are off, every agent is allowed",
            );
            PolicyUse::Off
        }
        (true, false) => PolicyUse::Asked,
        (true, true) => PolicyUse::Opa(policy_server(tree, internal)),
    }
}

fn policy_server(tree: &mut Tree, internal: &[HostPort]) -> Opa {
    let key = "Policy.Providers.Opa.BaseUrl";
    let path = tree.text("Policy.Providers.Opa.Path", "/v1/data/vectra/authz");
    if !path.starts_with('/') {
        tree.refuse("Policy.Providers.Opa.Path", "must begin with `/`");
    }
    let timeout = u32::try_from(tree.span("Policy.Providers.Opa.Timeout", 1..=60, 5));
    let base = tree.optional_text(key);
    let url = base.map(|base| format!("{}{path}", base.trim_end_matches('/')));
    let url = match url {
        None => {
            tree.refuse(key, "is required where `Policy.DefaultProvider` is `Opa`");
            Uri::default()
        }
        Some(url) => url::check(&url, internal).unwrap_or_else(|error| {
            tree.refuse(key, &error.to_string());
            Uri::default()
        }),
    };
    Opa {
        url,
        timeout: timeout.unwrap_or(5),
    }
}

/// What the engine is told.
pub(super) fn decision(
    tree: &mut Tree,
    policies: &PolicyUse,
    semantic: Option<&(SemanticUse, decision::SemanticSettings)>,
) -> decision::Settings {
    let unassigned = tree.outcome("Policy.Unassigned", Allow);
    let risk = tree.flag("Risk.Enabled", true);
    if !risk {
        tree.leave_out(
            "HumanInTheLoop.Threshold",
            "has no effect: `Risk.Enabled` is false",
        );
    }
    let threshold = tree.share("HumanInTheLoop.Threshold", 0.8);
    decision::Settings {
        unassigned: match policies {
            PolicyUse::Off => Allow,
            PolicyUse::Asked | PolicyUse::Opa(_) => unassigned,
        },
        undecodable_body: tree.outcome("Proxy.UndecodableBody", decision::DecisionType::Deny),
        risk_weights: weights(tree),
        risk_paths: tree.path_marks("Risk.PathPatterns"),
        // No score is above it.
        risk_threshold: if risk { threshold } else { 1.0 },
        semantic: semantic.map(|(_, settings)| settings.clone()),
        trust_rates: trust_rates(tree),
        shadow: tree.choice("Decision.Mode", &["Enforce", "Shadow"]) == 1,
    }
}

fn weights(tree: &mut Tree) -> decision::RiskWeights {
    let default = decision::RiskWeights::default();
    decision::RiskWeights {
        method: tree.weight("Risk.Weights.Method", default.method),
        path: tree.weight("Risk.Weights.Path", default.path),
        agent_history: tree.weight("Risk.Weights.AgentHistory", default.agent_history),
        time_of_day: tree.weight("Risk.Weights.TimeOfDay", default.time_of_day),
        body_size: tree.weight("Risk.Weights.BodySize", default.body_size),
        anomaly: tree.weight("Risk.Weights.Anomaly", default.anomaly),
    }
}

fn trust_rates(tree: &mut Tree) -> decision::TrustRates {
    let default = decision::TrustRates::default();
    decision::TrustRates {
        allow: tree.share("Trust.AllowRate", default.allow),
        hitl: tree.share("Trust.HitlRate", default.hitl),
        deny: tree.share("Trust.DenyRate", default.deny),
    }
}

/// Where agents are quarantined (OB §25: 0.3 and always; here only if it is wanted, since
/// ten denials in a row bring a new agent there).
pub(super) fn trust_floor(tree: &mut Tree) -> Option<TrustScore> {
    let enabled = tree.flag("AgentQuarantine.Enabled", false);
    let floor = tree.share("AgentQuarantine.TrustScoreFloor", 0.3);
    let initial = TrustScore::INITIAL.get();
    if enabled && floor > initial {
        // Every new agent would be quarantined by its first request.
        tree.refuse(
            "AgentQuarantine.TrustScoreFloor",
            &format!("must not be above {initial}, where agents begin"),
        );
    }
    TrustScore::new(floor).ok().filter(|_| enabled)
}
