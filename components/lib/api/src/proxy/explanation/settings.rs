//! The operator's choices that a decision depended on, as far as they are not the usual
//! ones. Who changes what is usual raises the version of the explanation too.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use vectra_decision::{
    DecisionType, PathMark, RiskWeights, SemanticSettings, Settings, TrustRates,
};

use crate::secret::sha256_hex;

/// Choices that are not the usual ones.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct KeptSettings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unassigned: Option<DecisionType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undecodable_body: Option<DecisionType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_weights: Option<RiskWeights>,
    /// The digest of the patterns: there may be many.
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_paths_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_threshold: Option<f64>,
    /// There if meaning was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    semantic: Option<KeptSemantic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trust_rates: Option<TrustRates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<bool>,
}

/// Choices about meaning that are not the usual ones.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KeptSemantic<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence_threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low_confidence: Option<DecisionType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_failure: Option<DecisionType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deny_labels: Option<Cow<'a, [String]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_labels: Option<Cow<'a, [String]>>,
}

const UNASSIGNED: DecisionType = DecisionType::Allow;
const UNDECODABLE: DecisionType = DecisionType::Deny;
const THRESHOLD: f64 = 0.8;
const CONFIDENCE: f64 = 0.7;
const UNSURE: DecisionType = DecisionType::Hitl;
const DENIED: [&str; 1] = ["harmful"];
const HELD: [&str; 3] = ["bulk_export", "destructive_delete", "admin_action"];

impl<'a> KeptSettings<'a> {
    /// What is to be kept.
    pub(crate) fn of(settings: &'a Settings) -> Self {
        Self {
            unassigned: unusual(settings.unassigned, UNASSIGNED),
            undecodable_body: unusual(settings.undecodable_body, UNDECODABLE),
            risk_weights: unusual(settings.risk_weights, RiskWeights::default()),
            risk_paths_sha256: settings.risk_paths.as_deref().map(digest),
            risk_threshold: unusual(settings.risk_threshold, THRESHOLD),
            semantic: settings.semantic.as_ref().map(KeptSemantic::of),
            trust_rates: unusual(settings.trust_rates, TrustRates::default()),
            shadow: unusual(settings.shadow, false),
        }
    }

    /// Whether all of them are the usual ones.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The choices as they were. Patterns of paths are taken from the present ones,
    /// which must be the same.
    ///
    /// # Errors
    /// What is not known any more.
    pub(crate) fn restore(self, present: &Settings) -> Result<Settings, String> {
        let risk_paths = match &self.risk_paths_sha256 {
            None => None,
            Some(then) => match &present.risk_paths {
                Some(marks) if digest(marks) == *then => Some(marks.clone()),
                _ => return Err("settings: Risk.PathPatterns were others then".to_owned()),
            },
        };
        Ok(Settings {
            unassigned: self.unassigned.unwrap_or(UNASSIGNED),
            undecodable_body: self.undecodable_body.unwrap_or(UNDECODABLE),
            risk_weights: self.risk_weights.unwrap_or_default(),
            risk_paths,
            risk_threshold: self.risk_threshold.unwrap_or(THRESHOLD),
            semantic: self.semantic.map(KeptSemantic::restore),
            trust_rates: self.trust_rates.unwrap_or_default(),
            shadow: self.shadow.unwrap_or(false),
        })
    }
}

impl<'a> KeptSemantic<'a> {
    fn of(settings: &'a SemanticSettings) -> Self {
        Self {
            confidence_threshold: unusual(settings.confidence_threshold, CONFIDENCE),
            low_confidence: unusual(settings.low_confidence, UNSURE),
            on_failure: unusual(settings.on_failure, UNSURE),
            deny_labels: others(&settings.deny_labels, &DENIED),
            hold_labels: others(&settings.hold_labels, &HELD),
        }
    }

    fn restore(self) -> SemanticSettings {
        SemanticSettings {
            confidence_threshold: self.confidence_threshold.unwrap_or(CONFIDENCE),
            low_confidence: self.low_confidence.unwrap_or(UNSURE),
            on_failure: self.on_failure.unwrap_or(UNSURE),
            deny_labels: restored(self.deny_labels, &DENIED),
            hold_labels: restored(self.hold_labels, &HELD),
        }
    }
}

fn unusual<T: PartialEq>(value: T, usual: T) -> Option<T> {
    (value != usual).then_some(value)
}

fn others<'a>(labels: &'a [String], usual: &[&str]) -> Option<Cow<'a, [String]>> {
    (labels != usual).then_some(Cow::Borrowed(labels))
}

fn restored(labels: Option<Cow<'_, [String]>>, usual: &[&str]) -> Vec<String> {
    match labels {
        Some(labels) => labels.into_owned(),
        None => usual.iter().map(|label| (*label).to_owned()).collect(),
    }
}

fn digest(marks: &[PathMark]) -> String {
    // Texts and numbers: nothing that JSON cannot write.
    sha256_hex(&serde_json::to_vec(marks).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Settings {
        KeptSettings::default().restore(&odd()).unwrap()
    }

    fn odd() -> Settings {
        Settings {
            unassigned: DecisionType::Deny,
            undecodable_body: DecisionType::Hitl,
            risk_weights: RiskWeights {
                anomaly: 0.1,
                ..RiskWeights::default()
            },
            risk_paths: Some(vec![PathMark {
                pattern: "/x".to_owned(),
                score: 0.3,
            }]),
            risk_threshold: 0.1 + 0.2,
            semantic: Some(SemanticSettings {
                confidence_threshold: 0.1 + 0.6,
                low_confidence: DecisionType::Allow,
                on_failure: DecisionType::Deny,
                deny_labels: Vec::new(),
                hold_labels: vec!["\"ä".to_owned()],
            }),
            trust_rates: TrustRates {
                deny: 1.0 / 3.0,
                ..TrustRates::default()
            },
            shadow: true,
        }
    }

    fn returned(settings: &Settings, present: &Settings) -> Result<Settings, String> {
        let text = serde_json::to_string(&KeptSettings::of(settings)).unwrap();
        let kept: KeptSettings = serde_json::from_str(&text).unwrap();
        kept.restore(present)
    }

    #[test]
    fn what_is_kept_gives_the_same_settings_again() {
        for settings in [usual(), odd()] {
            assert_eq!(returned(&settings, &settings), Ok(settings));
        }
    }

    #[test]
    fn usual_settings_take_no_room() {
        assert!(KeptSettings::of(&usual()).is_default());
        let semantic = Settings {
            semantic: Some(KeptSemantic::default().restore()),
            ..usual()
        };
        let text = serde_json::to_string(&KeptSettings::of(&semantic)).unwrap();
        assert_eq!(text, r#"{"semantic":{}}"#);
    }

    #[test]
    fn other_patterns_than_then_are_not_taken_for_those_of_then() {
        assert!(returned(&odd(), &usual()).is_err());
        // None then: those of today do not matter.
        assert_eq!(returned(&usual(), &odd()), Ok(usual()));
    }

    /// Rows of version 2 leave these values out: others need another version.
    #[test]
    fn the_usual_settings_of_version_2_stay_what_they_are() {
        let text = serde_json::to_string(&Settings {
            semantic: Some(KeptSemantic::default().restore()),
            ..usual()
        });
        assert_eq!(
            text.unwrap(),
            r#"{"unassigned":"Allow","undecodableBody":"Deny","riskWeights":{"method":0.2,"path":0.25,"agentHistory":0.15,"timeOfDay":0.1,"bodySize":0.1,"anomaly":0.2},"riskPaths":null,"riskThreshold":0.8,"semantic":{"confidenceThreshold":0.7,"lowConfidence":"Hitl","onFailure":"Hitl","denyLabels":["harmful"],"holdLabels":["bulk_export","destructive_delete","admin_action"]},"trustRates":{"allow":0.002,"hitl":0.02,"deny":0.05},"shadow":false}"#
        );
    }
}
